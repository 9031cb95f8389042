"""What tests of several rooms stand on: installations, servers, made-up districts."""
