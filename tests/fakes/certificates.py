"""Certificates for a broker and for us, signed by an authority of the test's own."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from fakes.requirements import unavailable

KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")
DAYS = ("-days", "2")


def make_certificates(directory: Path, authority: str = "ca") -> None:
    """An authority, and certificates that it signed: `broker` and `daemon`, for this machine."""
    openssl = shutil.which("openssl")
    if openssl is None:
        unavailable("openssl is missing: apt-get install openssl")

    def run(*arguments: str) -> None:
        subprocess.run([openssl, *arguments], cwd=directory, check=True, capture_output=True)

    files = ("-keyout", f"{authority}.key", "-out", f"{authority}.crt")
    run("req", "-x509", *KEY, *DAYS, *files, "-subj", f"/CN=test authority {authority}",
        "-addext", "keyUsage=critical,keyCertSign,cRLSign")  # fmt: skip
    signed = ("-CA", f"{authority}.crt", "-CAkey", f"{authority}.key", "-CAcreateserial")
    for name, subject in (("broker", "/CN=localhost"), ("daemon", "/CN=daemon")):
        (directory / f"{name}.ext").write_text("subjectAltName=DNS:localhost,IP:127.0.0.1\n")
        run("req", *KEY, "-keyout", f"{name}.key", "-out", f"{name}.csr", "-subj", subject)
        run("x509", "-req", "-in", f"{name}.csr", *signed, *DAYS,
            "-extfile", f"{name}.ext", "-out", f"{name}.crt")  # fmt: skip
