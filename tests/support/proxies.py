"""nginx and Caddy in front of a portal, run from the files under `deploy/` with paths, ports and a certificate of the test."""

from __future__ import annotations

import getpass
import ssl
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from socket import create_connection

import httpx
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.support.command import free_port
from tests.support.waiting import waited

DEPLOY = Path(__file__).parents[2] / "deploy"
NAME = "subgroups.example.com"
URL = f"https://{NAME}"
_PORTAL, _DAGSTER = "127.0.0.1:8080", "127.0.0.1:3001"


@dataclass
class Proxy:
    """A running proxy. Whatever it logs lies in `folder`, which is its own."""

    name: str
    folder: Path
    port: int
    http_port: int
    trusted: ssl.SSLContext

    def browser(self, address: str = "127.0.0.1") -> httpx.Client:
        """A browser at a network address of loopback (127.0.0.0/8) that knows the public name and checks the certificate."""
        return httpx.Client(base_url=URL, transport=_Dialled(self, address), timeout=60)

    def logged(self) -> str:
        """All that was written to any log."""
        return "".join(path.read_text(errors="replace") for path in self.folder.rglob("*.log"))


class _Dialled(httpx.HTTPTransport):
    """What DNS would do: the public name leads to the proxy's port."""

    def __init__(self, proxy: Proxy, address: str) -> None:
        super().__init__(verify=proxy.trusted, local_address=address)
        self._port = {"https": proxy.port, "http": proxy.http_port}

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        url = request.url.copy_with(host="127.0.0.1", port=request.url.port or self._port[request.url.scheme])
        extensions = request.extensions | {"sni_hostname": NAME}
        return super().handle_request(
            httpx.Request(request.method, url, headers=request.headers, stream=request.stream, extensions=extensions)
        )


@contextmanager
def proxy_running(name: str, folder: Path, portal_port: int, dagster_port: int) -> Iterator[Proxy]:
    """The proxy `nginx` or `caddy` in front of a portal and a Dagster UI on these ports."""
    folder.mkdir()
    certificate, key = _certificate(folder)
    proxy = Proxy(name, folder, free_port(), free_port(), ssl.create_default_context(cafile=str(certificate)))
    ports = {_PORTAL: f"127.0.0.1:{portal_port}", _DAGSTER: f"127.0.0.1:{dagster_port}"}
    command = (_nginx if name == "nginx" else _caddy)(proxy, certificate, key, ports)
    with (folder / "said.log").open("wb") as said:
        process = subprocess.Popen(command, stdout=said, stderr=subprocess.STDOUT, env={"HOME": str(folder)})
        try:
            waited(lambda: process.poll() is not None or _answers(proxy.port))
            assert process.poll() is None, proxy.logged()
            yield proxy
        finally:
            process.terminate()
            process.wait(20)


def replaced(text: str, replacements: dict[str, str]) -> str:
    """A shipped file with other texts in it; one that is not there any more fails."""
    for old, new in replacements.items():
        assert old in text, old
        text = text.replace(old, new)
    return text


def _nginx(proxy: Proxy, certificate: Path, key: Path, ports: dict[str, str]) -> list[str]:
    site = proxy.folder / "site.conf"
    here = {
        f"/etc/letsencrypt/live/{NAME}/fullchain.pem": str(certificate),
        f"/etc/letsencrypt/live/{NAME}/privkey.pem": str(key),
        "/var/log/nginx/": f"{proxy.folder}/",
        "    listen [::]:80;\n": "",
        "    listen [::]:443 ssl http2;\n": "",
        "listen 80;": f"listen 127.0.0.1:{proxy.http_port};",
        "listen 443 ssl http2;": f"listen 127.0.0.1:{proxy.port} ssl http2;",
    }
    site.write_text(replaced((DEPLOY / "nginx.conf").read_text(), here | ports))
    kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    temporary = "".join(f"{kind}_temp_path {proxy.folder}/{kind};\n" for kind in kinds)
    main = proxy.folder / "nginx.conf"
    user = getpass.getuser()
    main.write_text(
        f"user {user} {user};\npid {proxy.folder}/pid;\nerror_log {proxy.folder}/main.log;\ndaemon off;\nworker_processes 2;\n"
        f"events {{}}\nhttp {{\naccess_log {proxy.folder}/others.log;\n{temporary}include {site};\n}}\n"
    )
    return ["/usr/sbin/nginx", "-p", str(proxy.folder), "-c", str(main), "-e", f"{proxy.folder}/first.log"]


def _caddy(proxy: Proxy, certificate: Path, key: Path, ports: dict[str, str]) -> list[str]:
    of_the_test = f"{{\n\tadmin off\n\thttp_port {proxy.http_port}\n\thttps_port {proxy.port}\n\tlog {{"
    here = {"{\n\tlog {": of_the_test, f"\n{NAME} {{": f"\n{NAME} {{\n\tbind 127.0.0.1\n\ttls {certificate} {key}\n"}
    file = proxy.folder / "Caddyfile"
    file.write_text(replaced((DEPLOY / "Caddyfile").read_text(), here | ports))
    return ["caddy", "run", "--config", str(file), "--adapter", "caddyfile"]


def _certificate(folder: Path) -> tuple[Path, Path]:
    """A certificate for the public name that signs itself, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, NAME)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(NAME)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    certificate_file, key_file = folder / "certificate.pem", folder / "key.pem"
    certificate_file.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    key_file.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return certificate_file, key_file


def _answers(port: int) -> bool:
    with suppress(OSError), create_connection(("127.0.0.1", port), timeout=1):
        return True
    return False
