# SPDX-License-Identifier: Apache-2.0
"""User processes for the law: a table of actions, and seeded sequences of them.

An action is a shell line. These variables say where things are:
    B D S   the bundle; the directory of drop-in files; the hashed directory
    K TOOL  Java's keystore; the command that rebuilds the stores
    OWN SAME WIDE   a certificate of the user's; the operator's; the operator's in long lines
    NAME    what our files are called, without the suffix
    DEBS    a directory with ca-certificates.deb, newer.deb and older.deb

An action that reads the stores, if only by asking what is there, can't leave the same tree with and
without authorities. What may differ is named, with the reason; all the rest is compared. What only
several actions together leave differently, as one takes away the sign of another, is in TOGETHER.
"""
import random
from dataclasses import dataclass

DEBIAN = ("bookworm-minbase", "bookworm-ca", "trixie-ca", "bookworm-java")
WITH_TOOL = ("bookworm-ca", "trixie-ca", "bookworm-java")
P11 = ("bookworm-rhel", "bookworm-suse")
EVERY = DEBIAN + P11
STORES = WITH_TOOL + P11  # a bundle is there before the install


@dataclass(frozen=True)
class Action:
    name: str
    script: str
    roots: tuple = EVERY
    slow: bool = False
    full: bool = False       # needs to write where slim roots are mounted read-only
    reads: str = ""          # why it is excepted: what it reads of the stores
    differs: tuple = ()      # patterns of paths that may differ for that reason
    tells: bool = False      # it prints, or returns, what it found in the stores
    alone: bool = False      # in no sequence: another action could carry its difference on
    last: bool = False       # at the end of a sequence: later ones would wait for ever


def _attr(call: str) -> str:
    """setfattr is in no root, perl is."""
    return f"perl -e 'syscall({call}) == 0 or exit 1'"


SET_NOTE = _attr('188, "$ENV{X}", "user.note", "mine", 4, 0')
DROP_NOTE = _attr('197, "$ENV{X}", "user.note"')
QUIET = ">/dev/null 2>&1"
DPKG = f"dpkg --force-all --no-triggers -i $DEBS/{{}} {QUIET}"

COPY = "copies what is in a store to a place of its own"
SIZE = "cuts at a place that is counted from the end, or that lies in our certificate"
NAMES = "does something about every name that it finds"
EMPTY = "asks whether a directory is empty, or a name is free"
EXISTS = "asks whether a file of ours is there"
REWRITES = "writes the certificate itself: in a store that a tool may have written it counts as ours"
TOUCHES = "writes what we had written to the same place: that looks like touch, and our file goes"
BUNDLES = ("etc/ssl/certs/ca-certificates.crt", "*/tls-ca-bundle.pem",
           "var/lib/ca-certificates/ca-bundle.pem")
# The directory of drop-in files and those above it, which an overlay copies up with it.
DROP_IN_DIRS = ("usr", "usr/local", "usr/local/share", "usr/local/share/ca-certificates",
                "etc/pki/ca-trust/source", "etc/pki/ca-trust/source/anchors", "etc/pki/trust",
                "etc/pki/trust/anchors")
# What the install makes where no bundle was.
MADE_BY_US = ("etc", "etc/ssl", "etc/ssl/certs")

# fmt: off
ACTIONS = [
    # nothing of the stores
    Action("does_nothing", ":"),
    Action("writes_elsewhere", "echo x > /etc/motd; mkdir -p /opt/a/b; echo y > /opt/a/b/c"),
    Action("writes_beside_the_bundle", "mkdir -p $S; echo x > $S/notes"),
    Action("makes_and_removes_beside_the_bundle", "mkdir -p $S; echo x > $S/n; rm $S/n"),
    Action("makes_a_directory_beside_the_bundle", "mkdir -p $S/sub/deep; echo x > $S/sub/deep/x"),
    Action("touches_the_root", "touch -d @5 /"),
    Action("changes_the_roots_mode", "chmod 711 /"),
    # the bundle's bytes
    Action("appends_a_comment", "mkdir -p ${B%/*}; echo '# mine' >> $B"),
    Action("appends_its_own_ca", "mkdir -p ${B%/*}; cat $OWN >> $B"),
    Action("appends_ours", "mkdir -p ${B%/*}; cat $SAME >> $B"),
    Action("appends_ours_in_long_lines", "mkdir -p ${B%/*}; cat $WIDE >> $B"),
    Action("appends_ours_twice", "mkdir -p ${B%/*}; cat $SAME $SAME >> $B"),
    Action("appends_half_a_line", "mkdir -p ${B%/*}; printf 'half a line' >> $B"),
    Action("puts_its_own_ca_first", "cat $OWN $B > /tmp/x; cat /tmp/x > $B; rm /tmp/x", STORES),
    Action("writes_the_same_bytes_again", "cat $B > /tmp/x; cat /tmp/x > $B; rm /tmp/x", STORES),
    Action("replaces_the_bundle_by_its_copy", "cp -p $B $B.x; mv $B.x $B", STORES),
    Action("edits_the_bundle_in_place", "sed -i '1s/^/# edited\\n/' $B", STORES),
    Action("makes_the_bundle_dos", "sed -i 's/$/\\r/' $B", STORES),
    Action("empties_the_bundle", "mkdir -p ${B%/*}; true > $B"),
    Action("cuts_the_bundle_short", "truncate -s 1000 $B", WITH_TOOL),
    Action("cuts_the_bundle_where_a_certificate_ends",
           "sed -i '/-END/q' $B", WITH_TOOL),
    Action("lengthens_the_bundle", "truncate -s 2M $B", STORES, reads=SIZE,
           differs=BUNDLES, alone=True),
    Action("cuts_the_end_of_the_bundle", "truncate -s -100 $B", STORES, reads=SIZE,
           differs=BUNDLES, alone=True),
    Action("writes_the_bundle_anew", "mkdir -p ${B%/*}; cat $OWN > $B"),
    Action("writes_a_bundle_of_ours_alone", "cat $SAME > $B", STORES),
    Action("writes_a_bundle_of_ours_where_none_was", "mkdir -p ${B%/*}; cat $SAME > $B",
           DEBIAN[:1], reads=TOUCHES, differs=MADE_BY_US + BUNDLES,
           alone=True),
    Action("writes_a_bundle_of_both", "mkdir -p ${B%/*}; cat $OWN $SAME $OWN > $B",
           reads=REWRITES, differs=BUNDLES, alone=True),
    # the bundle's attributes
    Action("chmods_the_bundle", "chmod 600 $B", STORES),
    Action("chowns_the_bundle", "chown 33:33 $B", STORES),
    Action("touches_the_bundle", "touch $B", STORES),
    Action("touches_the_bundle_of_long_ago", "touch -d @50000.5 $B", STORES),
    Action("notes_on_the_bundle", f"X=$B {SET_NOTE}", STORES),
    Action("notes_on_the_bundle_and_unnotes", f"X=$B {SET_NOTE}; X=$B {DROP_NOTE}", STORES),
    # the bundle's name
    Action("removes_the_bundle", "rm -f $B"),
    Action("removes_and_restores_the_bundle", "cp -a $B /tmp/x; rm $B; cp -a /tmp/x $B; rm /tmp/x",
           STORES),
    Action("moves_the_bundle", "mv $B $B.old", STORES),
    Action("moves_the_bundle_far_away", "mv $B /opt/bundle", STORES),
    Action("moves_the_bundle_there_and_back", "mv $B $B.old; mv $B.old $B", STORES),
    Action("moves_the_bundle_and_edits_it", "mv $B $B.old; cat $OWN >> $B.old", STORES),
    Action("moves_the_bundle_and_makes_another", "mv $B $B.old; cat $OWN > $B", STORES),
    Action("hard_links_the_bundle", "ln $B /opt/hard", STORES),
    Action("hard_links_the_bundle_and_edits_it", "ln $B /opt/hard; cat $OWN >> /opt/hard", STORES),
    Action("hard_links_the_bundle_and_unlinks_it", "ln $B /opt/hard; rm /opt/hard", STORES),
    Action("hard_links_the_bundle_over_itself", "ln $B ${B%/*}/hard; mv ${B%/*}/hard $B; "
           "rm -f ${B%/*}/hard", STORES),
    Action("makes_the_bundle_a_link_to_its_new_place", "mv $B /opt/moved; ln -s /opt/moved $B",
           STORES),
    Action("links_the_bundle", "mkdir -p ${B%/*}; ln -sfn /opt/nothing $B"),
    Action("makes_the_bundle_a_directory", "rm -f $B; mkdir -p $B; echo x > $B/x"),
    Action("makes_the_bundle_a_fifo", "rm -f $B; mkdir -p ${B%/*}; mkfifo $B", last=True),
    Action("copies_the_bundle", "cp $B /opt/copy", STORES, reads=COPY, differs=("opt/copy",)),
    Action("packs_the_stores", "tar cf /opt/stores.tar -C / ${B#/} $(cd /; ls -d ${D#/}*)", STORES,
           reads=COPY, differs=("opt/stores.tar",)),
    Action("counts_the_certificates", "grep -c BEGIN $B > /opt/count", STORES, reads=COPY,
           differs=("opt/count",)),
    Action("lists_the_directories", "ls -lR ${S%/*} > /opt/list", STORES, reads=COPY,
           differs=("opt/list",)),
    # drop-in files
    Action("adds_a_drop_in", "mkdir -p $D; cp $OWN $D/own.crt", WITH_TOOL),
    Action("adds_a_drop_in_deep", "mkdir -p $D/sub/sub; cp $OWN $D/sub/sub/own.crt", WITH_TOOL),
    Action("adds_and_removes_a_drop_in", "mkdir -p $D; cp $OWN $D/o.crt; rm $D/o.crt", STORES),
    Action("adds_ours_as_a_drop_in", "mkdir -p $D; cp $SAME $D/mine.crt", STORES),
    Action("writes_what_we_had_written", "mkdir -p $D; cp $SAME $D/$NAME.crt", STORES,
           reads=TOUCHES, differs=(*DROP_IN_DIRS, "*/anchord-*.crt"), alone=True),
    Action("writes_over_our_drop_in", "mkdir -p $D; cp $OWN $D/$NAME.crt", STORES),
    Action("removes_our_drop_in", "rm -f $D/anchord-*", STORES),
    Action("removes_all_drop_ins", "rm -rf $D/*", STORES),
    Action("removes_the_drop_in_directory", "rm -rf $D"),
    Action("makes_the_drop_in_directory_anew", "rm -rf $D; mkdir -p $D; cp $OWN $D/own.crt",
           STORES),
    Action("makes_the_drop_in_directory", "mkdir -p $D", WITH_TOOL),
    Action("makes_and_removes_the_drop_in_directory", "mkdir -p $D; rmdir $D 2>/dev/null",
           reads=EMPTY, differs=DROP_IN_DIRS, alone=True),
    Action("chmods_the_drop_in_directory", "chmod 700 $D; chown 33:33 $D", STORES),
    Action("touches_the_drop_in_directory", "touch $D", STORES),
    Action("touches_the_drop_in_directory_of_long_ago", "touch -d @777 $D", STORES),
    Action("notes_on_the_drop_in_directory", f"X=$D {SET_NOTE}", STORES),
    Action("sets_group_ids", "chown 0:50 $D; chmod 2775 $D", STORES),
    Action("chmods_all_drop_ins", "chmod 600 $D/* 2>/dev/null; true", STORES),
    Action("replaces_the_drop_in_directory_by_a_link", "rm -rf $D; ln -s /opt $D", STORES),
    Action("replaces_the_drop_in_directory_by_a_file", "rm -rf $D; echo x > $D", STORES),
    Action("moves_our_drop_in", "[ ! -e $D/$NAME.crt ] || mv $D/$NAME.crt /opt/", STORES,
           reads=EXISTS, differs=("opt",)),
    # the hashed directory, and what is above
    Action("removes_the_certs", "rm -rf $S/*", STORES),
    Action("removes_the_certs_directory", "rm -rf $S"),
    Action("removes_etc_ssl", "rm -rf /etc/ssl"),
    Action("removes_etc_ssl_and_makes_it_anew", "rm -rf /etc/ssl; mkdir -p $S; cat $OWN > $B",
           DEBIAN),
    Action("removes_usr_local", "rm -rf /usr/local"),
    Action("removes_dangling_links", "find $S -xtype l -delete", STORES),
    Action("removes_hash_links", "find $S/ -type l -name '*.[0-9]' -delete", STORES),
    Action("renames_a_certificate", "cd $S && set -- *_CA.pem && mv $1 renamed.pem; cd /",
           WITH_TOOL),
    Action("touches_the_certs_directory", "touch $S", STORES),
    Action("touches_the_certs_directory_of_long_ago", "touch -d @888 $S/.", STORES),
    Action("chmods_the_certs_directory", "chmod 750 $S/.; chown 3:4 $S/.", STORES),
    Action("notes_on_the_certs_directory", f"X=$S/. {SET_NOTE}", STORES),
    Action("chowns_everything", "chown -hR 0:50 ${S%/*} $D", STORES),
    Action("touches_everything", "find $S/ $D -exec touch -hd @4242 {} +", STORES),
    Action("moves_a_certificate_in", "cp $OWN $S/third.pem", STORES),
    Action("renames_the_directory_of_the_bundle", "mv /etc/ssl /etc/ssl.old", WITH_TOOL,
           reads=COPY, differs=("etc/ssl.old/*",)),
    # tools
    Action("runs_the_tool", f"$TOOL {QUIET}", STORES, slow=True),
    Action("runs_the_tool_afresh", f"$TOOL --fresh {QUIET}", WITH_TOOL, slow=True),
    Action("runs_the_tool_and_keeps_its_words", "$TOOL > /opt/log 2>&1", WITH_TOOL, slow=True,
           reads="'1 added' is what the tool found", differs=("opt/log",)),
    Action("adds_a_ca", f"mkdir -p $D; cp $OWN $D/own.crt; $TOOL {QUIET}", STORES, slow=True),
    Action("adds_and_removes_a_ca", f"mkdir -p $D; cp $OWN $D/own.crt; $TOOL {QUIET}; "
           f"rm $D/own.crt; $TOOL {QUIET}", STORES, slow=True),
    Action("adds_ours_with_the_tool", f"mkdir -p $D; cp $SAME $D/mine.crt; $TOOL {QUIET}", STORES,
           slow=True),
    Action("adds_ours_with_the_tool_and_appends_it", f"mkdir -p $D; cp $SAME $D/mine.crt; "
           f"$TOOL {QUIET}; sleep 0.02; cat $SAME $SAME >> $B", STORES, slow=True),
    Action("adds_ours_sorted_first", f"mkdir -p $D; cp $SAME $D/a.crt; $TOOL {QUIET}", STORES,
           slow=True),
    Action("distrusts_a_ca", "sed -i 's,^mozilla/ISRG,!&,' /etc/ca-certificates.conf; "
           f"$TOOL {QUIET}", WITH_TOOL, slow=True),
    Action("removes_a_ca_of_the_image", "rm /usr/share/ca-certificates/mozilla/ISRG*; "
           f"$TOOL --fresh {QUIET}", WITH_TOOL, slow=True),
    Action("rehashes", f"openssl rehash $S {QUIET}", STORES, slow=True),
    Action("rehashes_with_its_own", f"cp $OWN $S/own.pem; openssl rehash $S {QUIET}", STORES,
           slow=True),
    Action("rehashes_with_the_script", f"c_rehash $S {QUIET}", WITH_TOOL, slow=True),
    # packages
    Action("reinstalls_the_package", DPKG.format("ca-certificates.deb"), WITH_TOOL[:2], slow=True,
           full=True),
    Action("upgrades_the_package", DPKG.format("newer.deb"), WITH_TOOL[:2], slow=True, full=True),
    Action("downgrades_the_package", DPKG.format("older.deb"), WITH_TOOL[:2], slow=True,
           full=True),
    Action("removes_the_package", f"dpkg --force-all -r ca-certificates {QUIET}", WITH_TOOL[:2],
           slow=True, full=True, reads=EMPTY, differs=DROP_IN_DIRS),
    Action("purges_the_package", f"dpkg --force-all -P ca-certificates {QUIET}", WITH_TOOL[:2],
           slow=True, full=True, reads=EMPTY, differs=DROP_IN_DIRS),
    Action("configures_the_package", "DEBIAN_FRONTEND=noninteractive dpkg-reconfigure "
           f"ca-certificates {QUIET}", WITH_TOOL[:2], slow=True, full=True),
    # Java's keystore
    Action("removes_the_keystore", "rm -f $K", ("bookworm-java",) + P11),
    Action("chmods_the_keystore", "chmod 640 $K", ("bookworm-java",) + P11),
    Action("touches_the_keystore", "touch $K", ("bookworm-java",) + P11),
    Action("touches_the_keystore_of_long_ago", "touch -d @999 $K", ("bookworm-java",) + P11),
    Action("moves_the_keystore", "mv $K $K.old", ("bookworm-java",) + P11),
    Action("writes_the_keystore_again", "cp $K /tmp/x; cat /tmp/x > $K; rm /tmp/x",
           ("bookworm-java",) + P11),
    Action("imports_into_the_keystore", "keytool -importcert -noprompt -keystore $K -storepass "
           f"changeit -alias own -file $OWN {QUIET}", ("bookworm-java",), slow=True),
    Action("imports_ours_into_the_keystore", "keytool -importcert -noprompt -keystore $K "
           f"-storepass changeit -alias same -file $SAME {QUIET}", ("bookworm-java",), slow=True),
    Action("deletes_from_the_keystore", "keytool -delete -keystore $K -storepass changeit "
           f"-alias debian:isrg_root_x1.pem {QUIET}", ("bookworm-java",), slow=True),
    Action("changes_the_keystores_password", "keytool -storepasswd -keystore $K -storepass "
           f"changeit -new sesame {QUIET}", ("bookworm-java",), slow=True,
           reads="with a password that we don't know the keystore can't be written",
           differs=("etc/ssl/certs/java/cacerts",), alone=True),
    Action("lists_the_keystore", "keytool -list -keystore $K -storepass changeit > /opt/keys",
           ("bookworm-java",), slow=True, reads=COPY, differs=("opt/keys",)),
]
# fmt: on

BY_NAME = {action.name: action for action in ACTIONS}
EXCEPTIONS = {action.name: action.reads for action in ACTIONS if action.reads}


@dataclass(frozen=True)
class Together:
    """Actions of which one alone leaves the same tree, but not one of each of @steps in turn."""
    reason: str
    steps: tuple             # sets of names
    differs: tuple = ()      # patterns of paths that may differ
    times: tuple = ()        # patterns of paths whose time may
    tells: bool = False      # what it prints or returns depends on ours

    def fits(self, actions) -> bool:
        rest = iter(action.name for action in actions)
        return all(any(name in step for name in rest) for step in self.steps)


TOOL = {action.name for action in ACTIONS if action.slow and "keystore" not in action.name}
LOSES_OURS = {"empties_the_bundle", "cuts_the_bundle_short", "writes_the_bundle_anew",
              "cuts_the_bundle_where_a_certificate_ends", "writes_a_bundle_of_ours_alone",
              "removes_the_bundle", "removes_the_certs", "moves_the_bundle",
              "moves_the_bundle_far_away", "moves_the_bundle_and_makes_another",
              "links_the_bundle", "makes_the_bundle_a_directory"}
PREPENDS = {"puts_its_own_ca_first", "edits_the_bundle_in_place", "makes_the_bundle_dos"}
ADDS_COPY = {"appends_ours", "appends_ours_in_long_lines", "appends_ours_twice"}
ADDS_OTHERS = {"appends_its_own_ca", "puts_its_own_ca_first", "moves_the_bundle_and_edits_it",
               "hard_links_the_bundle_and_edits_it"}
ADDS_WITH_TOOL = {"adds_ours_with_the_tool", "adds_ours_with_the_tool_and_appends_it",
                  "adds_ours_sorted_first"}
ADDS_SOURCE = ADDS_WITH_TOOL | {"adds_ours_as_a_drop_in"}
REMOVES_SOURCES = {"removes_all_drop_ins", "removes_the_drop_in_directory",
                   "makes_the_drop_in_directory_anew", "removes_usr_local",
                   "replaces_the_drop_in_directory_by_a_link",
                   "replaces_the_drop_in_directory_by_a_file"}
REMOVES_OURS = REMOVES_SOURCES | {"removes_our_drop_in", "moves_our_drop_in"}
CHANGES_OURS = {"chowns_everything", "chmods_all_drop_ins", "sets_group_ids"}
REPLACES = TOOL | {"replaces_the_bundle_by_its_copy", "removes_and_restores_the_bundle",
                   "edits_the_bundle_in_place", "makes_the_bundle_dos",
                   "hard_links_the_bundle_over_itself"}
MOVES = {"moves_the_bundle", "moves_the_bundle_far_away", "moves_the_bundle_and_edits_it",
         "moves_the_bundle_and_makes_another", "makes_the_bundle_a_link_to_its_new_place",
         "moves_the_keystore"}
LINKS = {"hard_links_the_bundle", "hard_links_the_bundle_and_edits_it"}
WRITES = PREPENDS | {"appends_a_comment", "appends_its_own_ca", "appends_half_a_line",
                     "writes_the_same_bytes_again"}
ELSEWHERE = ("*.old", "opt/bundle", "opt/moved", "opt/hard")
HASH_LINKS = ("etc/ssl/certs/*.[0-9]", "etc/pki/tls/certs/*.[0-9]")
EXTRACTED = ("etc/pki/ca-trust/extracted/*", "etc/pki/tls/certs/*", "var/lib/ca-certificates/*")

TOGETHER = [
    Together("a copy of a store isn't looked for where it is moved to", (REPLACES, MOVES),
             differs=ELSEWHERE),
    Together("nor where it has another name, and is replaced again",
             (REPLACES, LINKS, REPLACES), differs=ELSEWHERE),
    Together("nor where a tool moves it by mistake", ({"makes_the_bundle_a_directory"}, TOOL),
             differs=("*.crt.new", "*.pem.new")),
    Together("a bundle of ours alone is hashed as if it were a certificate, unless ours is beside",
             (ADDS_COPY | {"writes_a_bundle_of_ours_alone"}, TOOL),
             differs=HASH_LINKS),
    Together(REWRITES, (LOSES_OURS, ADDS_COPY), differs=BUNDLES + ELSEWHERE + MADE_BY_US),
    Together(REWRITES, ({"writes_a_bundle_of_ours_alone"}, ADDS_OTHERS),
             differs=BUNDLES + ELSEWHERE),
    Together("of equal copies the last one goes", (ADDS_COPY, PREPENDS), differs=BUNDLES),
    Together("of equal copies the last one goes", (PREPENDS, ADDS_COPY), differs=BUNDLES),
    Together("p11-kit puts equal certificates out where the first of them stands",
             ({"adds_a_ca"}, ADDS_SOURCE), differs=EXTRACTED),
    Together("a source of his explains a copy in a bundle that was written after it came",
             ({"adds_ours_as_a_drop_in"}, WRITES), differs=BUNDLES),
    Together("which of equal files a rehash takes depends on the order of the directory",
             (ADDS_SOURCE, TOOL), times=HASH_LINKS),
    Together("the bundle tells whose hash link to a missing file it was; now it is another",
             (ADDS_WITH_TOOL, REMOVES_SOURCES, TOOL | LOSES_OURS), differs=HASH_LINKS),
    Together("the same, the other way round",
             (ADDS_WITH_TOOL, LOSES_OURS, REMOVES_SOURCES), differs=HASH_LINKS),
    Together("p11-kit puts equal certificates out once, and his own source is gone",
             (ADDS_SOURCE, TOOL, REMOVES_SOURCES), differs=EXTRACTED),
    Together("the same, with the tool", (ADDS_WITH_TOOL, REMOVES_SOURCES), differs=EXTRACTED),
    Together("what he removes that only we had put there leaves no sign, nor does what he makes "
             "and removes besides", (REMOVES_OURS,), times=DROP_IN_DIRS),
    Together("what a rehash removes that only we had put there leaves no sign, nor does touching the "
             "directory besides", (REMOVES_SOURCES | REMOVES_OURS, TOOL | {"rehashes"},
                                   {"touches_the_certs_directory"}), times=("etc/ssl/certs",)),
    Together("a copy of his beside those of his sources is taken for ours, which is gone",
             (REMOVES_SOURCES, {"adds_ours_with_the_tool_and_appends_it"}), differs=BUNDLES),
    Together("a file that was copied up looks like one that came since",
             ({"writes_elsewhere"}, {"removes_etc_ssl"}), times=("etc",)),
    Together("a link to our drop-in file leads nowhere, and the tool says so",
             (REMOVES_OURS, TOOL), tells=True),
    Together("a file of his that has the name of ours has the attributes of ours",
             (CHANGES_OURS, {"writes_over_our_drop_in"}), differs=("*/anchord-*.crt",)),
    Together("of his writes to a file that has the name of ours only the last leaves a sign",
             ({"writes_over_our_drop_in"}, {"writes_over_our_drop_in"}), times=DROP_IN_DIRS),
    Together("the tool finds the link that the name of our drop-in file has",
             ({"writes_over_our_drop_in"}, TOOL), differs=("etc/ssl/certs/*",)),
]


def together(actions) -> list:
    """The exceptions that a sequence is."""
    return [row for row in TOGETHER if len(actions) > 1 and row.fits(actions)]


def names(actions) -> str:
    return "+".join(action.name for action in actions)


def fitting(root: str, slim: bool, slow: bool) -> list:
    return [action for action in ACTIONS if root in action.roots and not (slim and action.full)
            and (slow or not action.slow)]


def sequence(seed: int, root: str, slim: bool, slow_share: float = 0.15) -> tuple:
    """One to five actions; the same for the same arguments."""
    dice = random.Random(f"{seed} {root} {slim}")
    all_ = [action for action in fitting(root, slim, slow=True) if not action.alone]
    quick = [action for action in all_ if not action.slow]
    slow = [action for action in all_ if action.slow]
    chosen = [dice.choice(slow) if slow and dice.random() < slow_share else dice.choice(quick)
              for _ in range(dice.randint(1, 5))]
    return tuple(sorted(chosen, key=lambda action: action.last))
