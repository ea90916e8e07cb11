// File systems and the system: mounting and its flags, statfs, the stats, names of the host, waiting by select and poll,
// duplicated descriptors, times of files.
//@ mount umount umount2 pivot_root chroot statfs fstatfs statfs64 fstatfs64 stat lstat fstat stat64 lstat64 fstat64
//@ fstatat64 statx utime utimes futimesat utimensat utimensat_time64 uname sethostname setdomainname sysinfo getcpu
//@ _newselect old_select poll ppoll ppoll_time64 pselect6 pselect6_time64 dup dup2 dup3 pipe pipe2 close_range xattr
//> all as expected
#include "expect.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/select.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/sysinfo.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <utime.h>

static void mounts(void) {
  struct stat above, here;
  struct statfs f;
  mkdir("/tmp/m", 0755);
  expect(stat("/tmp", &above), 0);
  expect(mount("none", "/tmp/m", "tmpfs", 0, "size=64k,mode=0700"), 0);
  expect(stat("/tmp/m", &here), 0);
  expect(here.st_dev != above.st_dev, 1);
  expect(here.st_mode & 07777, 0700);
  expect(syscall(SYS_statfs, "/tmp/m", &f), 0);
  expect(f.f_type == 0x01021994 && f.f_blocks == 16 && f.f_bfree == 16, 1);
  const int file = open("/tmp/m/file", O_CREAT | O_RDWR, 0600);
  static char page[4096];
  int pages = 0;
  while (write(file, page, sizeof page) == sizeof page) ++pages;
  expect(errno, ENOSPC);
  expect(pages, 16);
  expect(syscall(SYS_fstatfs, file, &f), 0);
  expect(f.f_bfree, 0);
  char wide[84];
  expect(syscall(SYS_statfs64, "/tmp/m", sizeof wide, wide), 0);
  expect(syscall(SYS_fstatfs64, file, sizeof wide, wide), 0);
  expect_error(umount("/tmp/m"), EBUSY);
  expect_error(rename("/tmp/m/file", "/tmp/file"), EXDEV);
  expect_error(link("/tmp/m/file", "/tmp/file"), EXDEV);
  close(file);
  expect(mount("none", "/tmp/m", 0, MS_REMOUNT | MS_RDONLY | MS_NOEXEC, 0), 0);
  expect_error(open("/tmp/m/new", O_CREAT | O_RDWR, 0600), EROFS);
  expect_error(unlink("/tmp/m/file"), EROFS);
  expect_error(chmod("/tmp/m/file", 0777), EROFS);
  expect(syscall(SYS_umount, "/tmp/m"), 0);
  expect_error(umount("/tmp/m"), EINVAL);
  expect_error(mount("none", "/tmp/m", "nosuchfs", 0, 0), ENODEV);
  expect_error(mount("none", "/tmp/none", "tmpfs", 0, 0), ENOENT);
  expect_error(rmdir("/tmp/m/.."), ENOTEMPTY);

  // A root of its own.
  const pid_t child = fork();
  if (child == 0) {
    expect(mount("none", "/tmp/m", "tmpfs", 0, 0) | mkdir("/tmp/m/in", 0755) | chdir("/tmp/m/in"), 0);
    expect_error(syscall(SYS_pivot_root, "/tmp/m/in", "/tmp/m/in"), EINVAL);
    expect(chroot("/tmp/m"), 0);
    char text[64] = "";
    expect(getcwd(text, sizeof text) != 0, 1);
    expect_string(text, "/in");
    expect(chdir("../../.."), 0);
    expect(getcwd(text, sizeof text) != 0, 1);
    expect_string(text, "/");
    expect_error(open("/tmp", O_RDONLY), ENOENT);
    fflush(stdout);
    _exit(failed_checks);
  }
  int status = -1;
  waitpid(child, &status, 0);
  expect(status, 0);
  expect(umount2("/tmp/m", MNT_DETACH), 0);
  expect(rmdir("/tmp/m"), 0);
}

static void stats(void) {
  struct stat a;
  struct {
    unsigned device, inode;
    unsigned short mode, links, user, group;
    unsigned special, size, rest[11];
  } narrow;
  char wide[96], extended[256];
  close(open("/tmp/stats", O_CREAT | O_TRUNC | O_RDWR, 0640));
  expect(stat("/tmp/stats", &a), 0);
  expect(syscall(SYS_stat, "/tmp/stats", &narrow), 0);
  expect(narrow.inode == a.st_ino && narrow.mode == a.st_mode && narrow.links == 1, 1);
  expect(syscall(SYS_lstat, "/tmp/stats", &narrow) | syscall(SYS_fstat, 0, &narrow), 0);
  expect(syscall(SYS_stat64, "/tmp/stats", wide) | syscall(SYS_lstat64, "/tmp/stats", wide), 0);
  expect(syscall(SYS_fstat64, 0, wide) | syscall(SYS_fstatat64, AT_FDCWD, "/tmp/stats", wide, 0), 0);
  expect(syscall(SYS_statx, AT_FDCWD, "/tmp/stats", 0, 0x7ff, extended), 0);
  expect(*(unsigned short*)(extended + 28), a.st_mode);
  expect_error(syscall(SYS_statx, AT_FDCWD, "", 0, 0x7ff, extended), ENOENT);

  const struct utimbuf old = {1000, 2000};
  expect(syscall(SYS_utime, "/tmp/stats", &old), 0);
  expect(stat("/tmp/stats", &a), 0);
  expect(a.st_atime == 1000 && a.st_mtime == 2000, 1);
  const int values[4] = {5, 6000, 7, 8000};
  expect(syscall(SYS_utimes, "/tmp/stats", values), 0);
  expect(stat("/tmp/stats", &a), 0);
  expect(a.st_atim.tv_nsec == 6000000 && a.st_mtime == 7, 1);
  expect(syscall(SYS_futimesat, AT_FDCWD, "/tmp/stats", values), 0);
  const int exact[4] = {11, 12, 0, UTIME_OMIT};
  expect(syscall(SYS_utimensat, AT_FDCWD, "/tmp/stats", exact, 0), 0);
  expect(stat("/tmp/stats", &a), 0);
  expect(a.st_atim.tv_sec == 11 && a.st_atim.tv_nsec == 12 && a.st_mtime == 7, 1);
  const long long exact64[4] = {0, UTIME_OMIT, 21, 22};
  expect(syscall(412, AT_FDCWD, "/tmp/stats", exact64, 0), 0);
  expect(stat("/tmp/stats", &a), 0);
  expect(a.st_mtim.tv_sec == 21 && a.st_mtim.tv_nsec == 22, 1);
  expect_error(syscall(SYS_utimensat, AT_FDCWD, "/tmp/stats", (int[4]){0, 2000000000, 0, 0}, 0), EINVAL);
  expect(syscall(SYS_getxattr, "/tmp/stats", "user.none", wide, sizeof wide), -1);
  expect(errno == EOPNOTSUPP || errno == ENODATA, 1);
  unlink("/tmp/stats");
}

static void waiting(void) {
  int ends[2];
  expect(syscall(SYS_pipe, ends), 0);
  struct pollfd p[3] = {{ends[0], POLLIN, 0}, {ends[1], POLLOUT, 0}, {99, POLLIN, 0}};
  expect(poll(p, 3, 0), 2);
  expect(p[0].revents == 0 && p[1].revents == POLLOUT && p[2].revents == POLLNVAL, 1);
  const int soon[2] = {0, 20000000};
  expect(syscall(SYS_ppoll, p, 1, soon, 0, 8), 0);
  expect(syscall(414, p, 1, (long long[]){0, 1000000}, 0, 8), 0);
  fd_set set, out;
  FD_ZERO(&set);
  FD_ZERO(&out);
  FD_SET(ends[0], &set), FD_SET(ends[1], &out);
  int time[2] = {0, 10000};
  expect(syscall(SYS__newselect, ends[1] + 1, &set, &out, 0, time), 1);
  expect(FD_ISSET(ends[0], &set) == 0 && FD_ISSET(ends[1], &out), 1);
  expect(write(ends[1], "x", 1), 1);
  FD_SET(ends[0], &set);
  unsigned arguments[5] = {(unsigned)ends[0] + 1, (unsigned)&set, 0, 0, 0};
  expect(syscall(SYS_select, arguments), 1);
  expect(syscall(SYS_pselect6, ends[0] + 1, &set, 0, 0, soon, 0), 1);
  expect(syscall(413, ends[0] + 1, &set, 0, 0, (long long[]){1, 0}, 0), 1);
  FD_SET(99, &set);
  expect_error(select(100, &set, 0, 0, 0), EBADF);
  close(ends[1]);
  expect(poll(p, 1, -1), 1);
  expect(p[0].revents, POLLIN | POLLHUP);
  close(ends[0]);
}

static void descriptors(void) {
  int ends[2];
  expect(pipe2(ends, O_CLOEXEC | O_NONBLOCK), 0);
  expect(fcntl(ends[0], F_GETFD), FD_CLOEXEC);
  expect(dup(ends[0]) > ends[1], 1);
  expect(dup2(ends[0], 50), 50);
  expect(fcntl(50, F_GETFD), 0);
  expect(dup3(ends[0], 51, O_CLOEXEC), 51);
  expect_error(dup3(50, 50, 0), EINVAL);
  expect_error(dup2(99, 5), EBADF);
  expect(fcntl(ends[0], F_DUPFD_CLOEXEC, 60), 60);
  expect(syscall(436, 50, 60, 0), 0);
  expect_error(fcntl(51, F_GETFD), EBADF);
  expect_error(pipe2(ends, 1), EINVAL);
  for (int d = 3; d < 50; ++d) close(d);
}

int main(void) {
  mounts();
  stats();
  descriptors();
  waiting();
  struct utsname name;
  struct sysinfo information;
  char old[65] = "", domain[65] = "";
  expect(uname(&name), 0);
  expect_string(name.sysname, "Linux");
  memcpy(old, name.nodename, sizeof old);
  memcpy(domain, name.domainname, sizeof domain);
  expect(sethostname("other", 5) | setdomainname("domain", 6), 0);
  expect(uname(&name), 0);
  expect_string(name.nodename, "other");
  expect_string(name.domainname, "domain");
  expect(sethostname(old, strlen(old)) | setdomainname(domain, strlen(domain)), 0);
  expect(sysinfo(&information), 0);
  expect(information.totalram > 0 && information.procs > 0 && information.mem_unit > 0, 1);
  unsigned processor = 99, node = 99;
  expect(syscall(SYS_getcpu, &processor, &node, 0), 0);
  expect(node, 0);
  return finish();
}
