# SPDX-License-Identifier: Apache-2.0
"""System calls that a filter must allow for the probe, and a libc, to run."""
SAFE = """
access arch_prctl brk capget capset chdir clone clone3 close dup dup2 dup3 execve execveat exit
exit_group faccessat faccessat2 fchdir fcntl fgetxattr fork fstat fstatfs futex getcwd getdents
getdents64 getegid geteuid getgid getgroups getitimer getpeername getpgrp getpid getppid
getpriority getrandom getresgid getresuid getrlimit getsid getsockname gettid getuid ioctl
ioprio_get keyctl kill lseek lstat madvise mmap mprotect mremap munmap nanosleep clock_nanosleep
newfstatat open openat openat2 pause pipe pipe2 poll ppoll prctl pread64 prlimit64 read readlink
readlinkat readv recvfrom recvmsg restart_syscall rseq rt_sigaction rt_sigprocmask rt_sigreturn
sched_getaffinity sched_getparam sched_getscheduler sendmsg sendto setgid setgroups setresgid
setresuid setsid setuid set_robust_list set_tid_address sigaltstack socket stat statfs statx umask
uname unlink unlinkat rmdir wait4 waitid write writev personality bind setpriority tgkill
clock_gettime
""".split()
