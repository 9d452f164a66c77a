/* SPDX-License-Identifier: Apache-2.0 */
#include "runc/spec.h"

#include <string.h>
#include <unistd.h>

#include "base/json.h"

/* clang-format off */
static const char text[] =
"{\"ociVersion\": \"1.0.2\","
" \"process\": {\"terminal\": true, \"user\": {\"uid\": 0, \"gid\": 0}, \"args\": [\"sh\"],"
"  \"env\": [\"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\","
"   \"TERM=xterm\"],"
"  \"cwd\": \"/\","
"  \"capabilities\": {"
"   \"bounding\": [\"CAP_AUDIT_WRITE\", \"CAP_KILL\", \"CAP_NET_BIND_SERVICE\"],"
"   \"effective\": [\"CAP_AUDIT_WRITE\", \"CAP_KILL\", \"CAP_NET_BIND_SERVICE\"],"
"   \"permitted\": [\"CAP_AUDIT_WRITE\", \"CAP_KILL\", \"CAP_NET_BIND_SERVICE\"],"
"   \"ambient\": [\"CAP_AUDIT_WRITE\", \"CAP_KILL\", \"CAP_NET_BIND_SERVICE\"]},"
"  \"rlimits\": [{\"type\": \"RLIMIT_NOFILE\", \"hard\": 1024, \"soft\": 1024}],"
"  \"noNewPrivileges\": true},"
" \"root\": {\"path\": \"rootfs\", \"readonly\": true},"
" \"hostname\": \"runc\","
" \"mounts\": ["
"  {\"destination\": \"/proc\", \"type\": \"proc\", \"source\": \"proc\"},"
"  {\"destination\": \"/dev\", \"type\": \"tmpfs\", \"source\": \"tmpfs\","
"   \"options\": [\"nosuid\", \"strictatime\", \"mode=755\", \"size=65536k\"]},"
"  {\"destination\": \"/dev/pts\", \"type\": \"devpts\", \"source\": \"devpts\","
"   \"options\": [\"nosuid\", \"noexec\", \"newinstance\", \"ptmxmode=0666\", \"mode=0620\","
"    \"gid=5\"]},"
"  {\"destination\": \"/dev/shm\", \"type\": \"tmpfs\", \"source\": \"shm\","
"   \"options\": [\"nosuid\", \"noexec\", \"nodev\", \"mode=1777\", \"size=65536k\"]},"
"  {\"destination\": \"/dev/mqueue\", \"type\": \"mqueue\", \"source\": \"mqueue\","
"   \"options\": [\"nosuid\", \"noexec\", \"nodev\"]},"
"  {\"destination\": \"/sys\", \"type\": \"sysfs\", \"source\": \"sysfs\","
"   \"options\": [\"nosuid\", \"noexec\", \"nodev\", \"ro\"]},"
"  {\"destination\": \"/sys/fs/cgroup\", \"type\": \"cgroup\", \"source\": \"cgroup\","
"   \"options\": [\"nosuid\", \"noexec\", \"nodev\", \"relatime\", \"ro\"]}],"
" \"linux\": {"
"  \"resources\": {\"devices\": [{\"allow\": false, \"access\": \"rwm\"}]},"
"  \"namespaces\": [{\"type\": \"pid\"}, {\"type\": \"network\"}, {\"type\": \"ipc\"},"
"   {\"type\": \"uts\"}, {\"type\": \"mount\"}, {\"type\": \"cgroup\"}],"
"  \"maskedPaths\": [\"/proc/acpi\", \"/proc/asound\", \"/proc/kcore\", \"/proc/keys\","
"   \"/proc/latency_stats\", \"/proc/timer_list\", \"/proc/timer_stats\","
"   \"/proc/sched_debug\", \"/sys/firmware\", \"/proc/scsi\"],"
"  \"readonlyPaths\": [\"/proc/bus\", \"/proc/fs\", \"/proc/irq\", \"/proc/sys\","
"   \"/proc/sysrq-trigger\"]}}";
/* clang-format on */

static size_t find(const json_t *list, const char *key, const char *value)
{
	size_t i = 0;

	while (i < json_array_size(list) &&
	       strcmp(json_get_string(json_array_get(list, i), key), value) != 0)
		i++;
	return i;
}

static void map_ids(json_t *linux_part, const char *key, unsigned id)
{
	json_t *map =
		json_pack("[{s:i, s:i, s:i}]", "containerID", 0, "hostID", (int)id, "size", 1);

	json_object_set_new(linux_part, key, map);
}

static void make_rootless(json_t *j)
{
	json_t *linux_part = json_object_get(j, "linux"), *mounts = json_object_get(j, "mounts");
	json_t *namespaces = json_object_get(linux_part, "namespaces");
	json_t *pts = json_array_get(mounts, find(mounts, "destination", "/dev/pts"));
	json_t *options = json_object_get(pts, "options");

	json_object_del(linux_part, "resources");
	map_ids(linux_part, "uidMappings", geteuid());
	map_ids(linux_part, "gidMappings", getegid());
	json_array_remove(namespaces, find(namespaces, "type", "network"));
	json_array_append_new(namespaces, json_pack("{s:s}", "type", "user"));
	json_array_remove(options, json_array_size(options) - 1); /* group 5 isn't mapped */
	json_array_set_new(mounts, find(mounts, "destination", "/sys"),
			   json_pack("{s:s, s:s, s:s, s:[s, s, s, s, s]}", "destination", "/sys",
				     "type", "none", "source", "/sys", "options", "rbind", "nosuid",
				     "noexec", "nodev", "ro"));
}

json_t *spec_document(bool is_rootless)
{
	json_t *j = NULL;

	if (json_parse(text, sizeof(text) - 1, &j, NULL) == 0 && is_rootless)
		make_rootless(j);
	return j;
}
