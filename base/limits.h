/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * limits - every bound of the project, in one list
 *
 * The image, its tools and the socket are hostile: a list, string, file or recursion without
 * a name here is a defect. An error that comes from one of these names it.
 */

/* clang-format off */
/* paths and mounts */
#define LIMIT_PATH            4096  /* bytes of a container path with its NUL, as PATH_MAX */
#define LIMIT_MOUNTINFO     (16 << 20) /* bytes of the table of mounts */
#define LIMIT_SYMLINKS          40  /* links followed in one look-up, as in the kernel */
#define LIMIT_STEPS        (1 << 17) /* directories entered in one look-up, also again and again */
#define LIMIT_MOUNTS           256  /* mount specs of one exec */
#define LIMIT_VIEW_MOUNTS      (LIMIT_MOUNTS + 32) /* with those of the rootfs and the runtime */
#define LIMIT_MOUNT_OPTIONS    128  /* options of one mount spec */
#define LIMIT_LAYERS           500  /* lower directories of one overlay, as in the kernel */
#define LIMIT_REMOVED           64  /* entries whose blocks are freed later */
#define LIMIT_SEEN            4096  /* names looked up in one container that are remembered */
#define LIMIT_DIR_ENTRIES    65536  /* entries listed of one container directory */
#define LIMIT_XATTRS           256  /* extended attributes of one file; ext4 has no room for so many */
#define LIMIT_SEARCH_DIRS (1 << 17)  /* directories walked for files that were moved */
#define LIMIT_SEARCH_DEPTH     128  /* of them below one another */
#define LIMIT_XATTR_BYTES    65536  /* names and values of them together */
#define LIMIT_COPY_UP       (1 << 30)  /* bytes of a file that is copied up, or kept by a snapshot */
#define LIMIT_MEMORY_COPY      (16 << 20) /* bytes of a file that is remembered in memory, not on disk */

/* trust */
#define LIMIT_OS_RELEASE     16384  /* bytes of /etc/os-release */
#define LIMIT_AUTHORITIES      256  /* certificates an operator may configure */
#define LIMIT_AUTHORITY_FILE (1 << 20)  /* bytes of one file in the authorities directory */
#define LIMIT_STORE_FILE    (16 << 20)  /* bytes of a bundle that is read or rewritten */
#define LIMIT_SOURCES         4096  /* certificates or files in a directory of a store */
#define LIMIT_CONF         (1 << 18)  /* bytes of /etc/ca-certificates.conf */
#define LIMIT_TOOL          (4 << 20)  /* bytes of an update command that is looked at */
#define LIMIT_KNOWN_IMAGES     32  /* plans that are kept for execs to come */
#define LIMIT_KNOWN_IMAGE_DATA (2 << 20) /* bytes of all files that one of them writes or keeps */
#define LIMIT_KNOWN_TOOLS    1024  /* digests of tools that an operator vouches for */
#define LIMIT_NATIVE_USEC 2000000ull /* microseconds that an image may make a native engine look */
#define LIMIT_KEYSTORES         64  /* Java keystores of one image */
#define LIMIT_JAVA_HOMES      512  /* directories in which a Java installation is looked for */
#define LIMIT_KEYSTORE_ENTRIES 8192 /* entries of one of them */
#define LIMIT_ALIAS           1024  /* bytes of an entry's name */
#define LIMIT_SAFES             64  /* parts of a PKCS12 file */
#define LIMIT_KEY_ITERATIONS (1 << 19) /* of all key derivations that reading one of them takes */
#define LIMIT_JAVA_USEC   2000000ull /* microseconds that keystores may take to be looked at */
#define LIMIT_CHANGES         4096  /* paths that one install may change */
#define LIMIT_UNDO_CHANGES   65536  /* paths that one undo may change */
#define LIMIT_UNDO_READ    (64 << 20)  /* bytes of a user's files searched by one undo */
#define LIMIT_HASH_LINKS        64  /* certificates of one subject hash in a directory */
#define LIMIT_REWRITTEN    (64 << 20)  /* bytes of all stores that one install rewrites */
#define LIMIT_MASKS             64  /* files and directories that are bound over a store's */
#define LIMIT_DEPTH             32  /* directories below one another in a drop-in, a diff, or what is remembered */
#define LIMIT_HELPER_USEC 120000000ull /* microseconds a helper may run */
#define LIMIT_HELPER_OUTPUT  16384  /* bytes kept of what a helper printed */
#define LIMIT_JOURNAL       (32 << 20)  /* bytes of a document of a journal */
#define LIMIT_JOURNAL_DATA  (128 << 20) /* ... and of the contents that go with it */

/* containers */
#define LIMIT_RESOURCES       1024  /* device rules, or other values of one kind, of one container */
#define LIMIT_PIDS           65536  /* processes listed of one container */
#define LIMIT_CGROUP_FILE  (1 << 20)  /* bytes of a control file that is read */

/* requests */
#define LIMIT_EXECS           4096  /* execs known to one daemon, ended ones included */
#define LIMIT_ID                64  /* bytes of an exec id */
#define LIMIT_ARGS            4096  /* arguments of one command */
#define LIMIT_ENV             4096  /* environment variables of one command */
#define LIMIT_ARGS_SHOWN      4096  /* bytes of a command that State and List repeat */
#define LIMIT_ID_MAPS          340  /* ranges of ids of a user namespace, as in the kernel */
#define LIMIT_DEVICES         1024  /* device nodes of one container beside the default ones */
#define LIMIT_HOOKS             64  /* hooks of one kind */
#define LIMIT_GUARDED_PATHS   1024  /* masked, or read-only, paths of one container */
#define LIMIT_SYSCTL          1024  /* kernel parameters of one container */
#define LIMIT_ORDERS       (64 << 20) /* bytes of a packed plan */
#define LIMIT_COPY_UP_ENTRIES 65536  /* entries that a tmpfs gets of what it hides (tmpcopyup) */
#define LIMIT_STRING        131072  /* bytes of one argument or variable, as MAX_ARG_STRLEN */
#define LIMIT_PASSWD        (1 << 20)  /* bytes of the container's passwd or group file */
#define LIMIT_GROUPS           256  /* supplementary groups of a user */

#define LIMIT_LEFTOVERS     131072  /* execs and trees of which something may be left */
#define LIMIT_REPAIR_IDS       256  /* ids that one Repair may name */
#define LIMIT_REPAIR_PATHS      64  /* paths of each kind that Repair shows of one leftover */
#define LIMIT_REPAIR_SHOWN  (512 << 10) /* bytes of what Repair shows in all */

/* system call filters */
#define LIMIT_SECCOMP_RULES   4096  /* rules of one policy */
#define LIMIT_SECCOMP_NAMES   1024  /* system calls that one rule names */
#define LIMIT_SECCOMP_CONDITIONS 64 /* comparisons of arguments in one rule */
#define LIMIT_SECCOMP_ARCHITECTURES 32 /* of one policy */
#define LIMIT_SECCOMP_KEY   (1 << 20)  /* bytes of a policy's canonical form */
#define LIMIT_SECCOMP_ENTRIES (1 << 16) /* rules for one number each, of one architecture */
#define LIMIT_SECCOMP_PROGRAMS  64  /* programs kept in memory, and as many files on the disk */

/* documents of the OCI runtime-spec */
#define LIMIT_OCI_CONFIG    (4 << 20)  /* bytes of one */
#define LIMIT_OCI_WARNINGS     256  /* sentences about what was passed over */
#define LIMIT_CAPABILITIES     128  /* names in one set */
#define LIMIT_ANNOTATIONS     1024  /* of one container */
#define LIMIT_FLAGS             64  /* entries of a list of which there are only a few kinds: flags, clocks */

/* anchor-runc */
#define LIMIT_STATE         (4 << 20)  /* bytes of a container's state.json */
#define LIMIT_CONTAINERS     65536  /* containers that are listed */
#define LIMIT_PASSED_FDS      4096  /* descriptors that a caller passes on to a container */
#define LIMIT_LOG_LINE       16384  /* bytes of a line of its log */
#define LIMIT_STATS         (1 << 20)  /* bytes of the statistics of a container */
#define LIMIT_PS           (16 << 20)  /* bytes that ps(1) prints */

/* the socket */
#define LIMIT_FRAME         (4 << 20)  /* bytes of a ttrpc message, by the protocol */
#define LIMIT_FRAME_DROP   (64 << 20)  /* a longer one ends the connection */
#define LIMIT_REPLY         (1 << 20)  /* bytes of a reply */
#define LIMIT_ARENA         (8 << 20)  /* bytes that decoding one request may take */
#define LIMIT_ELEMENTS       65536  /* fields on the wire in one protobuf message */
#define LIMIT_NESTING            8  /* protobuf messages inside one another */
#define LIMIT_CONNECTIONS      256  /* open connections */
#define LIMIT_CALLS            256  /* calls in flight on one connection */
#define LIMIT_QUEUED        (8 << 20)  /* bytes of replies that a client may leave unread */
#define LIMIT_CONFIG        (1 << 20)  /* bytes of the configuration file */
/* clang-format on */
