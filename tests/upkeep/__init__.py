"""What leaves the installation when, and backup."""
