"""JWTs that are signed with a key of a published set, as newer Supabase projects sign theirs."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm

from holdfast.engine.postgres import PostgresEngine
from tests.api.test_access import ME, ask, bearer, refused
from tests.support.api import serving

RSA = rsa.generate_private_key(65537, 2048)
EC = ec.generate_private_key(ec.SECP256R1())
ED = ed25519.Ed25519PrivateKey.generate()
KEYS: dict[str, tuple[Any, Any]] = {
    "RS256": (RSA, RSAAlgorithm),
    "ES256": (EC, ECAlgorithm),
    "EdDSA": (ED, OKPAlgorithm),
}


def key_set() -> bytes:
    keys = []
    for algorithm, (key, kind) in KEYS.items():
        public = kind.to_jwk(key.public_key(), as_dict=True)
        keys.append(public | {"kid": algorithm, "alg": algorithm, "use": "sig"})
    return json.dumps({"keys": keys}).encode()


@contextmanager
def published() -> Iterator[str]:
    """The key set at an address."""
    body = key_set()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as published_at:
        thread = threading.Thread(target=published_at.serve_forever, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{published_at.server_port}/jwks.json"
        finally:
            published_at.shutdown()
            thread.join()


def signed(key: Any, algorithm: str, kid: str, **changed: Any) -> str:
    claims = {"sub": "Ann", "aud": "authenticated", "exp": time.time() + 60} | changed
    return jwt.encode(claims, key, algorithm=algorithm, headers={"kid": kid})


async def test_a_token_signed_with_a_published_key_is_taken_and_no_other(
    engine: PostgresEngine,
) -> None:
    stranger = rsa.generate_private_key(65537, 2048)
    with published() as url:
        async with serving(engine, api_jwks_url=url) as server:
            for algorithm, (key, _) in KEYS.items():
                answer = await ask(server, ME, headers=bearer(signed(key, algorithm, algorithm)))
                assert answer.json().get("user") == "Ann", algorithm
            await refused(server, "Signature", headers=bearer(signed(stranger, "RS256", "RS256")))
            await refused(server, "not known", headers=bearer(signed(stranger, "RS256", "other")))
            await refused(
                server, "Audience", headers=bearer(signed(RSA, "RS256", "RS256", aud="x"))
            )
            # a key for one algorithm is not taken for another
            await refused(server, "not valid", headers=bearer(signed(RSA, "RS256", "ES256")))


@pytest.mark.parametrize("secret", [None, "a secret of the server's own, which is long enough"])
async def test_a_public_key_is_not_taken_for_a_secret(
    engine: PostgresEngine, secret: str | None
) -> None:
    public = RSA.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    header, claims = {"alg": "HS256", "kid": "RS256", "typ": "JWT"}, {"sub": "Ann", "aud": "authenticated", "exp": 9999999999}  # fmt: skip
    # PyJWT refuses to make such a token; an attacker does not.
    head, body = (
        jwt.utils.base64url_encode(json.dumps(part).encode()) for part in (header, claims)
    )
    hmac = jwt.algorithms.HMACAlgorithm(jwt.algorithms.HMACAlgorithm.SHA256)
    forged = b".".join(
        (head, body, jwt.utils.base64url_encode(hmac.sign(head + b"." + body, public)))
    )
    with published() as url:
        async with serving(engine, api_jwks_url=url, api_jwt_secret=secret) as server:
            told = "signed with HS256" if secret is None else "Signature"
            await refused(server, told, headers=bearer(forged.decode()))


async def test_while_the_key_set_is_away_nobody_is_let_in_and_nobody_is_turned_away_for_good(
    engine: PostgresEngine,
) -> None:
    with published() as url:
        pass  # it is gone again
    async with serving(engine, api_jwks_url=url) as server:
        answer = await ask(server, ME, headers=bearer(signed(RSA, "RS256", "RS256")))
        assert (answer.status_code, answer.json()["code"]) == (503, "KeysUnavailable")
        assert answer.headers["retry-after"]
        assert (await ask(server, ME, headers=server.headers("agent"))).status_code == 200
