/* SPDX-License-Identifier: Apache-2.0 */
#include "cacerts/java_homes.h"

#include <string.h>

#include "base/limits.h"
#include "tests/unit/vfs/view.h"

static struct view v;

static void setup(void)
{
	view_init(&v);
	tree_dir(&v.t, "r");
	view_rootfs(&v, "bind", "@/r", "rbind,rw");
}

static void teardown(void)
{
	tree_wipe(&v.t);
	view_done(&v);
}

static void run(const char *script)
{
	cleanup_free char *command = NULL;

	ck_assert_int_gt(asprintf(&command, "cd '%s' && { %s\n}", tree_at(&v.t, "r"), script), 0);
	ck_assert_msg(system(command) == 0, "%s", script);
}

/* What is found, joined by blanks, in a static buffer. */
static const char *find(const char *variable)
{
	cleanup_strv struct strv env = STRV(4);
	cleanup_strv struct strv found = STRV(LIMIT_KEYSTORES);
	static char text[8192];
	struct err e = ERR_NONE;

	text[0] = '\0';
	if (variable)
		ck_ok(strv_add(&env, variable, &e), e);
	view_open(&v);
	ck_ok(java_homes_find(v.fs, &env, &found, &e), e);
	for (size_t i = 0; i < found.n; i++) {
		strcat(text, i ? " " : "");
		strcat(text, found.v[i]);
	}
	return text;
}

/* clang-format off */
static const struct {
	const char *script;
	const char *variable;
	const char *found;
} cases[] = {
	{"true", NULL, ""},
	{"mkdir -p usr/lib/jvm/a/lib/security; touch usr/lib/jvm/a/lib/security/cacerts", NULL,
	 "/usr/lib/jvm/a/lib/security/cacerts"},
	{"mkdir -p usr/java/8/jre/lib/security; touch usr/java/8/jre/lib/security/cacerts", NULL,
	 "/usr/java/8/jre/lib/security/cacerts"},
	{"mkdir -p opt/x/lib/security; touch opt/x/lib/security/cacerts opt/x/lib/security/jssecacerts",
	 NULL, "/opt/x/lib/security/jssecacerts"},
	{"mkdir -p opt/x/lib/security; cd opt/x/lib/security; touch cacerts; ln -s /nowhere jssecacerts",
	 NULL, "/opt/x/lib/security/cacerts"},
	{"mkdir -p usr/local/openjdk-17/lib/security usr/local/other/lib/security;"
	 "touch usr/local/openjdk-17/lib/security/cacerts usr/local/other/lib/security/cacerts", NULL,
	 "/usr/local/openjdk-17/lib/security/cacerts"},

	/* two homes with one keystore */
	{"mkdir -p etc/j usr/lib/jvm/a/lib/security usr/lib/jvm/b/lib/security; touch etc/j/cacerts;"
	 "for x in a b; do ln -s /etc/j/cacerts usr/lib/jvm/$x/lib/security/cacerts; done;"
	 "ln -s a usr/lib/jvm/default", NULL, "/etc/j/cacerts"},

	/* by the command, also through links; the variable comes first */
	{"mkdir -p srv/j/bin srv/j/lib/security usr/bin etc/alternatives;"
	 "touch srv/j/bin/java srv/j/lib/security/cacerts; chmod +x srv/j/bin/java;"
	 "ln -s /etc/alternatives/java usr/bin/java; ln -s /srv/j/bin/java etc/alternatives/java",
	 NULL, "/srv/j/lib/security/cacerts"},
	{"mkdir -p srv/j/bin srv/j/lib/security; touch srv/j/bin/java srv/j/lib/security/cacerts;"
	 "chmod +x srv/j/bin/java", "PATH=/bin:/srv/j/bin", "/srv/j/lib/security/cacerts"},
	{"mkdir -p srv/j/lib/security; touch srv/j/lib/security/cacerts", "JAVA_HOME=/srv/j",
	 "/srv/j/lib/security/cacerts"},
	{"mkdir -p srv/j/lib/security; touch srv/j/lib/security/cacerts", "JAVA_HOME=srv/j", ""},
	{"mkdir -p srv/j/lib/security; touch srv/j/lib/security/cacerts", "JAVA_HOME=", ""},

	/* images that want to do harm */
	{"mkdir -p usr/lib; ln -s jvm usr/lib/jvm", "JAVA_HOME=/usr/lib/jvm", ""},
	{"mkdir -p usr/lib/jvm/a/lib; ln -s ../../../../../../../../etc usr/lib/jvm/a/lib/security", NULL, ""},
	{"mkdir -p opt/a/lib; ln -s / opt/a/lib/security; mkdir cacerts", NULL, "/cacerts"},
	{"mkfifo opt", NULL, ""},
	{"mkdir -p opt; cd opt; seq 5000 | xargs touch", NULL, ""},
};
/* clang-format on */

START_TEST(keystores_are_found_where_java_reads_them)
{
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		run("rm -rf * && mkdir bin");
		run(cases[i].script);
		ck_assert_msg(strcmp(find(cases[i].variable), cases[i].found) == 0, "%s: '%s'",
			      cases[i].script, find(cases[i].variable));
	}
}
END_TEST

START_TEST(no_more_than_the_limit_are_looked_for)
{
	cleanup_strv struct strv found = STRV(LIMIT_KEYSTORES);
	struct err e = ERR_NONE;

	run("mkdir opt; cd opt; for i in `seq 600`; do mkdir -p $i/lib/security;"
	    "touch $i/lib/security/cacerts; done");
	view_open(&v);
	ck_ok(java_homes_find(v.fs, NULL, &found, &e), e);
	ck_assert_uint_eq(found.n, LIMIT_KEYSTORES);
}
END_TEST

SUITE("cacerts/java_homes", setup, teardown, keystores_are_found_where_java_reads_them,
      no_more_than_the_limit_are_looked_for)
