# SPDX-License-Identifier: Apache-2.0
"""Debian roots that keep their authorities as Red Hat's and SUSE's families do.

Debian's p11-kit is the real one; its module reads the family's directories by a line of its
configuration. The tools are scripts of our own that have it extract what the family's own tools
have it extract, in the same order. Operators vouch for such scripts (--known-tools): so do tests.
"""
import hashlib

PACKAGES = ("ca-certificates", "curl", "openssl", "p11-kit", "p11-kit-modules")

# The Mozilla certificates of Debian as one file of p11-kit's own format: every fifth is trusted
# for mail alone, every third for servers alone, every seventh for both, the others for anything.
MAKE_SOURCE = r"""
server='0%%13%%06%%03U%%1d%%25%%04%%0c0%%0a%%06%%08%%2b%%06%%01%%05%%05%%07%%03%%01'
mail='0%%13%%06%%03U%%1d%%25%%04%%0c0%%0a%%06%%08%%2b%%06%%01%%05%%05%%07%%03%%04'
both='0%%1d%%06%%03U%%1d%%25%%04%%160%%14%%06%%08%%2b%%06%%01%%05%%05%%07%%03%%01'
both="$both%%06%%08%%2b%%06%%01%%05%%05%%07%%03%%04"
n=0
for crt in /usr/share/ca-certificates/mozilla/*.crt; do
	n=$((n + 1))
	eku=
	[ $((n % 3)) -ne 0 ] || eku=$server
	[ $((n % 5)) -ne 0 ] || eku=$mail
	[ $((n % 7)) -ne 0 ] || eku=$both
	printf '[p11-kit-object-v1]\ntrusted: true\nmodifiable: false\n'
	cat "$crt"
	if [ -n "$eku" ]; then
		printf '[p11-kit-object-v1]\nclass: x-certificate-extension\n'
		printf "object-id: 2.5.29.37\nvalue: \"$eku\"\nmodifiable: false\n"
		openssl x509 -in "$crt" -noout -pubkey
	fi
done
"""

MODULE = """module: p11-kit-trust.so
priority: 1
trust-policy: yes
x-trust-lookup: pkcs11:library-description=PKCS%2311%20Kit%20Trust%20Module
disable-in: p11-kit-proxy
x-init-reserved: paths='{paths}'
"""

RHEL_PATHS = "/etc/pki/ca-trust/source:/usr/share/pki/ca-trust-source"
RHEL_TOOL = "/usr/bin/update-ca-trust"
EXTRACTED = "/etc/pki/ca-trust/extracted"

SIX = """x openssl-bundle certificates "" --comment openssl/ca-bundle.trust.crt
x pem-bundle ca-anchors --purpose=server-auth --comment pem/tls-ca-bundle.pem
x pem-bundle ca-anchors --purpose=email --comment pem/email-ca-bundle.pem
x pem-bundle ca-anchors --purpose=code-signing --comment pem/objsign-ca-bundle.pem
x java-cacerts ca-anchors --purpose=server-auth "" java/cacerts
x edk2-cacerts ca-anchors --purpose=server-auth "" edk2/cacerts.bin
"""
HASHED = "x pem-directory-hash ca-anchors --purpose=server-auth '' pem/directory-hash\n"
START = f"""#!/bin/sh
export P11_KIT_NO_USER_CONFIG=1
x() {{ trust extract --overwrite --format=$1 --filter=$2 $3 $4 {EXTRACTED}/$5; }}
"""
RHEL_TOOLS = {
    "G1": START + SIX,
    "G1@1718214849": START + "export SOURCE_DATE_EPOCH=1718214849\n" + SIX,
    "G2": START + SIX + HASHED + f"""cd {EXTRACTED}/pem/directory-hash
ln -s ../tls-ca-bundle.pem ca-certificates.crt
ln -s ../tls-ca-bundle.pem ca-bundle.crt
""",
    "G3": START + r"""certs=/etc/pki/tls/certs
find $certs -type l -regextype posix-extended -regex '.*/[0-9a-f]{8}\.[0-9]+' -delete
""" + SIX + HASHED + f"cd {EXTRACTED}/pem/directory-hash\n" + r"""
for link in *.[0-9]*; do
	[ ! -L "$link" ] || ln -s "$(readlink -f "$link")" "$certs/$link"
done
""",
}

SUSE_PATHS = "/etc/pki/trust:/usr/share/pki/trust"
SUSE_TOOL = "/usr/sbin/update-ca-certificates"
SUSE_HOOKS = "/usr/lib/ca-certificates/update.d"
SUSE_STATE = "/var/lib/ca-certificates"
SUSE_SCRIPTS = {
    SUSE_TOOL: f"""#!/bin/sh
umask 0222
export statedir={SUSE_STATE}
rm -f /etc/pki/trust/.updated
for hook in {SUSE_HOOKS}/*.run; do
	"$hook"
done
chmod 0555 $statedir
""",
    f"{SUSE_HOOKS}/50java.run": """#!/bin/sh
trust extract --overwrite --format=java-cacerts --purpose=server-auth --filter=ca-anchors \\
	$statedir/java-cacerts.new && mv -f $statedir/java-cacerts.new $statedir/java-cacerts
""",
    f"{SUSE_HOOKS}/70openssl.run": """#!/bin/sh
trust extract --overwrite --format=openssl-directory --filter=ca-anchors $statedir/openssl
""",
    f"{SUSE_HOOKS}/80etc_ssl.run": """#!/bin/sh
trust extract --overwrite --format=pem-directory-hash --purpose=server-auth --filter=ca-anchors \\
	$statedir/pem
""",
    f"{SUSE_HOOKS}/99certbundle.run": """#!/bin/sh
rm -f $statedir/ca-bundle.pem.tmp
trust extract --format=pem-bundle --purpose=server-auth --filter=ca-anchors \\
	$statedir/ca-bundle.pem.tmp
{ for line in 1 2 3 4 5 6 7 8 9 10; do echo "# line $line of the head"; done
cat $statedir/ca-bundle.pem.tmp; } > $statedir/ca-bundle.pem.new
rm -f $statedir/ca-bundle.pem.tmp
mv -f $statedir/ca-bundle.pem.new $statedir/ca-bundle.pem
""",
}

GENERATIONS = {
    SUSE_TOOL: "S1",
    f"{SUSE_HOOKS}/50java.run": "S1-java",
    f"{SUSE_HOOKS}/70openssl.run": "S1-openssl",
    f"{SUSE_HOOKS}/80etc_ssl.run": "S1-etc_ssl",
    f"{SUSE_HOOKS}/99certbundle.run": "S1-certbundle",
}


def known_tools() -> str:
    """What the operator says about these scripts: a file for --known-tools."""
    known = [(text, "rhel", generation) for generation, text in RHEL_TOOLS.items()]
    known += [(text, "suse", GENERATIONS[path]) for path, text in SUSE_SCRIPTS.items()]
    return "".join(f"{hashlib.sha256(text.encode()).hexdigest()} {family} {generation}\n"
                   for text, family, generation in known)


def _file(path: str, content: str, mode: str = "755") -> str:
    """Shell that writes a file below "$1"."""
    return (f"""mkdir -p "$1$(dirname '{path}')"; cat > "$1{path}" <<'THE_END'\n{content}THE_END\n"""
            f"""chmod {mode} "$1{path}"\n""")


def rhel() -> str:
    """What makes a root one of Red Hat's family, with the tool of G3 and the others beside it."""
    steps = ["set -e\n"]
    for generation, text in RHEL_TOOLS.items():
        steps.append(_file(f"{RHEL_TOOL}.{generation}", text))
    steps += [
        _file("/usr/share/p11-kit/modules/p11-kit-trust.module",
              MODULE.format(paths=RHEL_PATHS), "644"),
        _file("/tmp/source.sh", MAKE_SOURCE),
        "rm \"$1\"/etc/os-release; echo 'ID=imitation\nID_LIKE=\"rhel fedora\"' "
        "> \"$1\"/etc/os-release\n",
        r"""chroot "$1" sh -ec '
mkdir -p /usr/share/pki/ca-trust-source/anchors /usr/share/pki/ca-trust-source/blocklist \
	/etc/pki/ca-trust/source/anchors /etc/pki/ca-trust/source/blocklist /etc/pki/tls/certs \
	/etc/pki/java /usr/share/pki/ca-trust-legacy
sh /tmp/source.sh > /usr/share/pki/ca-trust-source/ca-bundle.trust.p11-kit; rm /tmp/source.sh
echo "Put certificates into anchors." > /etc/pki/ca-trust/source/README
echo "# nothing" > /usr/share/pki/ca-trust-legacy/ca-bundle.legacy.default.crt
ln -s /usr/share/pki/ca-trust-legacy/ca-bundle.legacy.default.crt \
	/etc/pki/ca-trust/source/ca-bundle.legacy.crt
cd /etc/pki/ca-trust && mkdir -p extracted/openssl extracted/pem extracted/java extracted/edk2
rm -r /etc/ssl/certs && ln -s ../pki/tls/certs /etc/ssl/certs
cd /etc/pki/tls && ln -s certs/ca-bundle.crt cert.pem && cd certs
for name in ca-bundle.crt ca-certificates.crt; do
	ln -s /etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem $name
done
ln -s /etc/pki/ca-trust/extracted/openssl/ca-bundle.trust.crt ca-bundle.trust.crt
ln -s /etc/pki/ca-trust/extracted/java/cacerts /etc/pki/java/cacerts
cp /usr/bin/update-ca-trust.G3 /usr/bin/update-ca-trust
update-ca-trust'
""",
    ]
    return "".join(steps)


def suse() -> str:
    """What makes a root one of SUSE's family."""
    steps = ["set -e\n"]
    for path, text in SUSE_SCRIPTS.items():
        steps.append(_file(path, text))
    steps += [
        _file("/usr/share/p11-kit/modules/p11-kit-trust.module",
              MODULE.format(paths=SUSE_PATHS), "644"),
        _file("/tmp/source.sh", MAKE_SOURCE),
        "rm \"$1\"/etc/os-release; echo 'ID=imitation\nID_LIKE=\"suse opensuse\"' "
        "> \"$1\"/etc/os-release\n",
        r"""chroot "$1" sh -ec '
mkdir -p /usr/share/pki/trust/anchors /usr/share/pki/trust/blocklist /etc/pki/trust/anchors \
	/etc/pki/trust/blocklist /var/lib/ca-certificates
rm -rf /etc/ca-certificates/update.d; mkdir -p /etc/ca-certificates/update.d
sh /tmp/source.sh > /usr/share/pki/trust/ca-bundle.trust.p11-kit; rm /tmp/source.sh
rm -r /etc/ssl/certs && ln -s ../../var/lib/ca-certificates/pem /etc/ssl/certs
ln -s ../../var/lib/ca-certificates/ca-bundle.pem /etc/ssl/ca-bundle.pem
update-ca-certificates'
""",
    ]
    return "".join(steps)
