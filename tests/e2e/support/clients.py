# SPDX-License-Identifier: Apache-2.0
"""TLS clients as Debian has them, as a table, and how many of them run in one exec.

A client "trusts" by printing what only the server can have told it, and "refuses" by its own words
for a certificate that nobody vouches for. Whatever else it says is what it is seen to do.
"""
import io
import re
import zipfile
from dataclasses import dataclass

from support import pki

PACKAGES = (
    "ca-certificates", "curl", "openssl", "wget", "git", "aria2", "w3m", "python3-requests",
    "python3-pip", "python3-pycurl", "python3-httpx", "python3-aiohttp", "nodejs", "ruby",
    "php-cli", "php-curl", "libwww-perl", "erlang-inets", "erlang-ssl", "libcurl3-nss",
)

GO_SOURCE = """package main

import (
	"fmt"
	"io"
	"net/http"
	"os"
)

func main() {
	answer, err := http.Get(os.Args[1])
	if err == nil {
		_, err = io.Copy(os.Stdout, answer.Body)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
"""
GO_CLIENT = "/usr/local/bin/get"
GO = "Go, static"


def make_go_client(version: str) -> str:
    """A shell command that leaves a static program in the root "$1", and nothing of a compiler:
    the packages are unpacked beside the root's files, never installed."""
    go = f"/go/usr/lib/go-{version}"
    env = f"CGO_ENABLED=0 GOROOT={go} GOCACHE=/go/cache HOME=/go"
    return rf"""set -e
mkdir "$1/go" && cd "$1/go"
APT_CONFIG=$MMDEBSTRAP_APT_CONFIG apt-get -qq download golang-{version}-go golang-{version}-src
for package in *.deb; do dpkg-deb -x "$package" .; done
cat > get.go <<'EOF'
{GO_SOURCE}EOF
chroot "$1" env {env}     {go}/bin/go build -trimpath -ldflags=-s -o {GO_CLIENT} /go/get.go
rm -r "$1/go"
"""


# What is asked for with other words than the greeting: git's refs, pip's index and a wheel.
REF = "refs/heads/behind-the-authority"
WHEEL = "parcel-1-py3-none-any.whl"


def _wheel() -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as wheel:
        info = "parcel-1.dist-info"
        wheel.writestr("parcel.py", "")
        wheel.writestr(f"{info}/METADATA", "Metadata-Version: 2.1\nName: parcel\nVersion: 1\n")
        wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\n"
                                        "Tag: py3-none-any\n")
        wheel.writestr(f"{info}/RECORD", "")
    return content.getvalue()


PAGES = {
    "/repository.git/info/refs": f"{'1' * 40}\t{REF}\n".encode(),
    "/simple/parcel/": f'<!DOCTYPE html><a href="/{WHEEL}">{WHEEL}</a>'.encode(),
    f"/{WHEEL}": _wheel(),
}


@dataclass(frozen=True)
class Client:
    script: str   # of sh; $URL ends in "/", $HOST is "name:port"
    refuses: str  # a regular expression
    prints: str = pki.GREETING
    needs_variables: bool = False  # reads a store of its own, unless a variable says otherwise
    gap: str = ""                  # why it can't be made to trust


PYCURL = """
import pycurl, sys
c = pycurl.Curl()
c.setopt(c.URL, sys.argv[1])
c.perform()
"""
URLLIB = """
import sys, urllib.request
print(urllib.request.urlopen(sys.argv[1]).read().decode())
"""
REQUESTS = "import requests, sys; print(requests.get(sys.argv[1]).text)"
JAVA_CLASS = "/mnt"  # the directory of the compiled client
JAVA_SOURCE = """
import java.net.URL;
public class Get {
    public static void main(String[] args) throws Exception {
        try (var in = new URL(args[0]).openStream()) { in.transferTo(System.out); }
    }
}
"""
# What has a bundle of its own, as the packages of the language's own registry have, is imitated: by
# a bundle that holds another authority.
ELSEWHERE = "/usr/share/ca-certificates/mozilla/ISRG_Root_X1.crt"
REQUESTS_OWN = f"""
import requests, sys
requests.adapters.DEFAULT_CA_BUNDLE_PATH = requests.utils.DEFAULT_CA_BUNDLE_PATH = "{ELSEWHERE}"
print(requests.get(sys.argv[1]).text)
"""
HTTPX_OWN = f"""
import httpx, sys, pathlib
httpx._config.SSLConfig.DEFAULT_CA_BUNDLE_PATH = pathlib.Path("{ELSEWHERE}")
print(httpx.get(sys.argv[1]).text)
"""
NSS = """
import ctypes, sys
curl = ctypes.CDLL("libcurl-nss.so.4")
curl.curl_easy_init.restype = ctypes.c_void_p
curl.curl_easy_strerror.restype = ctypes.c_char_p
handle = ctypes.c_void_p(curl.curl_easy_init())
CURLOPT_URL = 10002
curl.curl_easy_setopt(handle, CURLOPT_URL, ctypes.c_char_p(sys.argv[1].encode()))
print(curl.curl_easy_strerror(curl.curl_easy_perform(handle)).decode())
"""
HTTPX = "import httpx, sys; print(httpx.get(sys.argv[1]).text)"
AIOHTTP = """
import aiohttp, asyncio, sys
async def main():
    async with aiohttp.ClientSession() as session, session.get(sys.argv[1]) as answer:
        print(await answer.text())
asyncio.run(main())
"""
NODE_FETCH = """
fetch(process.argv[1]).then(r => r.text()).then(console.log, e => console.error(e.cause.code))
"""
NODE_HTTPS = """
require("https").get(process.argv[1], r => r.pipe(process.stdout))
    .on("error", e => console.error(e.code))
"""
RUBY = 'require "net/http"; puts Net::HTTP.get(URI(ARGV[0]))'
PHP_STREAM = "echo file_get_contents($argv[1]);"
PHP_CURL = """
$c = curl_init($argv[1]);
curl_exec($c);
echo curl_error($c);
"""
LWP = """
use LWP::UserAgent;
my $answer = LWP::UserAgent->new->get($ARGV[0]);
print $answer->decoded_content;
"""
IO_SOCKET = """
use IO::Socket::SSL;
my $socket = IO::Socket::SSL->new(PeerAddr => $ARGV[0], SSL_verifycn_scheme => "http")
    or die $SSL_ERROR;
print $socket "GET / HTTP/1.0\\r\\n\\r\\n";
print <$socket>;
"""
# Erlang verifies nothing unless it is asked to; this is how its manual says to ask.
ERLANG = """
{ok, _} = application:ensure_all_started(ssl),
{ok, _} = application:ensure_all_started(inets),
[Url] = init:get_plain_arguments(),
Options = [{verify, verify_peer}, {cacerts, public_key:cacerts_get()}],
io:format("~p~n", [httpc:request(get, {Url, []}, [{ssl, Options}], [])]), halt().
"""

VERIFY = "CERTIFICATE_VERIFY_FAILED"

def _python(script: str, refuses: str = VERIFY, **more) -> Client:
    return Client(f"python3 -c '{script}' \"$URL\"", refuses, **more)


def _node(script: str, options: str = "", **more) -> Client:
    return Client(f"node --dns-result-order=ipv4first {options} -e '{script}' \"$URL\"",
                  "UNABLE_TO_VERIFY_LEAF_SIGNATURE", **more)


CLIENTS = {
    "curl (OpenSSL)": Client('curl -sS "$URL"', "SSL certificate problem"),
    "pycurl (GnuTLS)": _python(PYCURL, "server certificate verification failed"),
    "libcurl (NSS)": _python(NSS, "SSL peer certificate .* was not OK",
                             gap="NSS has its authorities in libnssckbi.so"),
    "wget (GnuTLS)": Client('wget -nv -O - "$URL"', "certificate of .* is not trusted"),
    "git (GnuTLS)": Client('git ls-remote "${URL}repository.git"',
                           "server certificate verification failed", REF),
    "apt": Client('/usr/lib/apt/apt-helper -o APT::Sandbox::User="$(id -un)" '
                           '-o Acquire::Retries=0 download-file "$URL" apt; cat apt',
                           "certificate is NOT trusted|certificate verify failed"),
    "aria2 (GnuTLS)": Client('aria2c -o aria2 "$URL"; cat aria2', "SSL/TLS handshake failure"),
    "w3m (OpenSSL)": Client('w3m -dump "$URL"', "This SSL session was rejected"),
    "openssl s_client": Client(
        r'printf "GET / HTTP/1.0\r\n\r\n" | openssl s_client -quiet -verify_return_error '
        '-verify_hostname localhost -connect "$HOST"', "verify error"),
    "Python urllib": _python(URLLIB),
    "Python requests": _python(REQUESTS),
    "Python requests, own bundle": _python(REQUESTS_OWN, needs_variables=True),
    "Python httpx": _python(HTTPX),
    "Python httpx, own bundle": _python(HTTPX_OWN, needs_variables=True),
    "Python aiohttp": _python(AIOHTTP),
    "pip": Client('pip download --no-cache-dir --disable-pip-version-check --retries 0 --no-deps '
                  '-d pip --index-url "${URL}simple" parcel', VERIFY,
                  "Successfully downloaded parcel"),
    "Node fetch": _node(NODE_FETCH),
    "Node https": _node(NODE_HTTPS),
    "Node, own authorities": _node(NODE_HTTPS, "--use-bundled-ca", needs_variables=True),
    GO: Client('get "$URL"', "certificate signed by unknown authority"),
    "Ruby net/http": Client(f"ruby -e '{RUBY}' \"$URL\"", "certificate verify failed"),
    "PHP streams": Client(f"php -r '{PHP_STREAM}' \"$URL\"", "certificate verify failed"),
    "PHP curl": Client(f"php -r '{PHP_CURL}' \"$URL\"", "SSL certificate problem"),
    "Perl LWP": Client(f"perl -e '{LWP}' \"$URL\"", "certificate verify failed"),
    "Perl IO::Socket::SSL": Client(f"perl -e '{IO_SOCKET}' \"$HOST\"", "certificate verify failed"),
    "Erlang httpc": Client(f"erl -noshell -eval '{ERLANG}' -extra \"$URL\"", "unknown_ca"),
    "Java": Client(f'java -XX:-UsePerfData -cp {JAVA_CLASS} Get "$URL"',
                   "unable to find valid certification path"),
}

# Each client runs in a directory of its own that is on no file system of the container's.
DRIVER = r"""
export HOME=/dev/shm/$$ LC_ALL=C
client() {
    export TMPDIR=$HOME/$1
    mkdir -p "$TMPDIR"
    cd "$TMPDIR"
    timeout 50 sh -c "$2" > out 2>&1 < /dev/null &
}
"""
END = r"""
wait
for n in $(seq $n); do
    printf '\n#### %s\n' "$n"
    cat "$HOME/$n/out"
done
"""


def driver(names) -> str:
    lines = ["n=%d" % len(names)]
    for n, name in enumerate(names, 1):
        quoted = CLIENTS[name].script.replace("'", "'\\''")
        lines.append(f"client {n} '{quoted}'")
    return DRIVER + "\n".join(lines) + END


def outputs(names, text: str) -> dict:
    parts = re.split(r"^#### \d+\n", text, flags=re.M)[1:]
    assert len(parts) == len(names), text
    return dict(zip(names, parts))
