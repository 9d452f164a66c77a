# SPDX-License-Identifier: Apache-2.0
"""Random histories of a Debian store, as shell scripts: the same seed gives the same script."""
import random

from support.oracle import BUNDLE, CERTIFICATES, CONF, LOCAL, MOZILLA, STORE, TOOL

CERTS = ("own.pem", "twin1.pem", "twin2.pem", "plain.pem", "second.pem")
NAMES = ("a.crt", "Z.crt", "anchord-x.crt", "zz.crt", "a b.crt", "a,(b).crt", ".hidden.crt",
         "ISRG_Root_X1.crt", "UPPER.CRT", "ä.crt", "x.pem", "a\\b.crt", "-dash.crt", ".crt")
LINKS = ("ISRG_Root_X1.pem", "ACCVRAIZ1.pem", "a.pem", "4042bcee.0", "4042bcee.1", "a94d09e5.0",
         "x.pem", "y.crt", "README", "12345678.0", "deadbeef.r0", "ca-certificates.crt")
TIMES = ("2001-01-01", "2030-01-01", "now")

# What happens to a store; {} are chosen at random, and what can't be done is not.
EVENTS = (
    f"cp {CERTIFICATES}/{{cert}} '{LOCAL}/{{name}}'",
    f"cp {CERTIFICATES}/{{cert}} '{LOCAL}/{{name}}'; {TOOL}",
    f"cp {MOZILLA}/ISRG_Root_X1.crt '{LOCAL}/{{name}}'; {TOOL}",
    f"cp {CERTIFICATES}/{{cert}} {MOZILLA}/ISRG_Root_X1.crt",
    f"cp {CERTIFICATES}/{{cert}} {MOZILLA}/ISRG_Root_X1.crt; {TOOL}",
    f"cp {CERTIFICATES}/{{cert}} {MOZILLA}/new.crt; echo mozilla/new.crt >> {CONF}; {TOOL}",
    f"cp -p {CERTIFICATES}/{{cert}} {STORE}/{{link}}",
    f"cp {CERTIFICATES}/{{cert}} {STORE}/{{link}}; cd {STORE}; openssl rehash .",
    f"rm -f '{LOCAL}/{{name}}'", f"rm -f '{LOCAL}/{{name}}'; {TOOL}",
    f"rm -f {MOZILLA}/ACCVRAIZ1.crt; {TOOL}", f"rm -f {STORE}/{{link}}",
    f"mv '{LOCAL}/{{name}}' '{LOCAL}/{{name2}}'; {TOOL}", f"mv {STORE}/{{link}} {STORE}/{{link2}}",
    f"ln -sf {{link}} {STORE}/{{link2}}", f"ln -sf {LOCAL}/a.crt {STORE}/{{link}}",
    f"ln -sf {MOZILLA}/ISRG_Root_X1.crt '{LOCAL}/{{name}}'", f"mkdir -p '{LOCAL}/{{name}}'",
    f"touch -d {{time}} {MOZILLA}/ISRG_Root_X1.crt", f"touch -hd {{time}} {STORE}/{{link}}",
    f"touch -d {{time}} {CONF}", f"touch -d {{time}} {BUNDLE}",
    f"sed -i '/ISRG/d' {CONF}", f"sed -i 's/^.*ISRG/!&/' {CONF}", f"sed -i 1d {CONF}; {TOOL}",
    f"sed -i 's/^.*ISRG/!&/' {CONF}; {TOOL}", f"echo '# note' >> {CONF}",
    f"echo mozilla/missing.crt >> {CONF}", f"printf mozilla/new.crt >> {CONF}",
    f"echo ' mozilla/ISRG_Root_X1.crt' >> {CONF}", f"echo mozilla/ISRG_Root_X1.crt >> {CONF}",
    f"sort -r {CONF} > /srv/c; cat /srv/c > {CONF}; rm /srv/c; {TOOL}",
    f"echo >> {BUNDLE}", f": > {BUNDLE}", f"cp {CERTIFICATES}/{{cert}} {BUNDLE}",
    f"touch {BUNDLE}.new", f"rm {BUNDLE}; {TOOL}", f"chmod 600 {BUNDLE}", f"chown 1:1 {BUNDLE}",
    f"chmod 0 '{LOCAL}/{{name}}'", f": > '{LOCAL}/{{name}}'; {TOOL}",
    f"sed 's/$/\\r/' {CERTIFICATES}/own.pem > '{LOCAL}/{{name}}'; {TOOL}",
    f"head -c -1 {CERTIFICATES}/own.pem > '{LOCAL}/{{name}}'; {TOOL}",
    f"cat {CERTIFICATES}/own.pem {CERTIFICATES}/twin1.pem > '{LOCAL}/{{name}}'; {TOOL}",
    f"echo text > '{LOCAL}/{{name}}'; {TOOL}", f"cd {STORE}; openssl rehash .",
    f"{TOOL}", f"{TOOL} --fresh", f"rm {STORE}/????????.*; {TOOL} --fresh",
)


def script(seed: int) -> str:
    """A few events; half of the histories end with a run of the tool, as images do."""
    dice = random.Random(seed)
    lines = []
    for _ in range(dice.randint(1, 4)):
        lines.append(dice.choice(EVENTS).format(
            cert=dice.choice(CERTS), name=dice.choice(NAMES), name2=dice.choice(NAMES),
            link=dice.choice(LINKS), link2=dice.choice(LINKS), time=dice.choice(TIMES)))
    if dice.random() < 0.5:
        lines.append(TOOL)
    return "\n".join(f"( {line} )" for line in lines) + "\ntrue\n"
