"""A mail server for tests: each mail it takes becomes DIRECTORY/N.eml, with the envelope above it.

Whoever is called gone is unknown.

usage: mail_listener.py DIRECTORY [--certificate FILE --key FILE [--from-the-beginning]]
                        [--user NAME --password TEXT]
The port it listens on is in DIRECTORY/port as soon as it does.
"""
import argparse
import asyncio
import itertools
import os
import ssl

from aiosmtpd.smtp import SMTP, AuthResult

parser = argparse.ArgumentParser()
parser.add_argument("directory")
parser.add_argument("--certificate")
parser.add_argument("--key")
parser.add_argument("--from-the-beginning", action="store_true")
parser.add_argument("--user")
parser.add_argument("--password")
options = parser.parse_args()


def write(name, contents):
    path = os.path.join(options.directory, name)
    with open(path + ".part", "wb") as file:
        file.write(contents)
    os.rename(path + ".part", path)


class Handler:
    numbers = itertools.count(1)

    async def handle_RCPT(self, server, session, envelope, address, options):
        if address.startswith("gone@"):
            return "550 there is nobody of that name"
        envelope.rcpt_tos.append(address)
        return "250 known"

    async def handle_DATA(self, server, session, envelope):
        head = f"FROM {envelope.mail_from}\nTO {' '.join(envelope.rcpt_tos)}\nTLS {session.ssl is not None}\n"
        write(f"{next(self.numbers)}.eml", head.encode() + b"\n" + envelope.original_content)
        return "250 taken"


def authenticate(server, session, envelope, mechanism, data):
    wanted = (options.user.encode(), options.password.encode())
    right = (data.login, data.password) == wanted
    # Not handled: the server is to say so itself.
    return AuthResult(success=right, handled=False)


context = None
if options.certificate:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(options.certificate, options.key)
settings = {}
if context and not options.from_the_beginning:
    settings = {"tls_context": context, "require_starttls": True}
if options.user:
    settings |= {"authenticator": authenticate, "auth_required": True,
                 "auth_require_tls": not options.from_the_beginning}


async def serve():
    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: SMTP(Handler(), hostname="listener", loop=loop, **settings), "127.0.0.1", 0,
        ssl=context if options.from_the_beginning else None)
    write("port", str(server.sockets[0].getsockname()[1]).encode())
    await server.serve_forever()


asyncio.run(serve())
