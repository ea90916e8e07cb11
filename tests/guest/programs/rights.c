// Who may do what: owners, groups, others, the superuser; set-user-ID programs, sticky directories; the identity calls of
// 16 and of 32 bits.
//@ chmod fchmod fchmodat chown lchown fchown fchownat chown16 lchown16 fchown16 access faccessat faccessat2
//@ getuid getgid geteuid getegid setuid setgid setreuid setregid setresuid setresgid getresuid getresgid setfsuid setfsgid
//@ getgroups setgroups getuid16 getgid16 geteuid16 getegid16 setuid16 setgid16 setreuid16 setregid16 setresuid16
//@ setresgid16 getresuid16 getresgid16 setfsuid16 setfsgid16 getgroups16 setgroups16
//> all as expected
#include "expect.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>

// Runs in a child as user 1000 of group 100, and 200 besides; its exit status is the number of checks that failed.
static void as_user(void (*run)(void)) {
  const pid_t child = fork();
  if (child == 0) {
    failed_checks = 0;
    const int groups[1] = {200};
    syscall(SYS_setgroups32, 1, groups);
    syscall(SYS_setresgid32, 100, 100, 100);
    syscall(SYS_setresuid32, 1000, 1000, 1000);
    run();
    fflush(stdout);
    _exit(failed_checks);
  }
  int status = -1;
  waitpid(child, &status, 0);
  expect(status, 0);
}

static unsigned mode_of(const char* path) {
  struct stat s;
  return lstat(path, &s) == 0 ? s.st_mode & 07777 : ~0u;
}

static void try_files(void) {
  expect_error(open("/tmp/r/secret", O_RDONLY), EACCES);
  expect(access("/tmp/r/shared", R_OK), 0);
  expect_error(access("/tmp/r/shared", W_OK), EACCES);
  expect(open("/tmp/r/group", O_RDWR) >= 0, 1);
  expect_error(open("/tmp/r/closed/x", O_RDONLY), EACCES);
  expect_error(open("/tmp/r/new", O_CREAT | O_RDWR, 0600), EACCES);
  expect_error(unlink("/tmp/r/shared"), EACCES);
  expect_error(chmod("/tmp/r/shared", 0777), EPERM);
  expect_error(chown("/tmp/r/shared", 1000, 100), EPERM);
  expect_error(execl("/tmp/r/shared", "x", (char*)0), EACCES);
  // In a sticky directory only the owner removes.
  expect(close(open("/tmp/r/sticky/mine", O_CREAT | O_RDWR, 0666)), 0);
  expect_error(unlink("/tmp/r/sticky/theirs"), EPERM);
  expect_error(rename("/tmp/r/sticky/theirs", "/tmp/r/sticky/x"), EPERM);
  expect(chown("/tmp/r/sticky/mine", -1, 200), 0);
  expect_error(chown("/tmp/r/sticky/mine", -1, 300), EPERM);
  expect(chmod("/tmp/r/sticky/mine", 02755), 0);
  expect(unlink("/tmp/r/sticky/mine"), 0);
  expect_error(mknod("/tmp/r/sticky/null", S_IFCHR | 0666, 0x103), EPERM);
  expect_error(syscall(SYS_chroot, "/"), EPERM);
  expect_error(syscall(SYS_sethostname, "x", 1), EPERM);
}

static void try_identity(void) {
  unsigned ids[3];
  unsigned short narrow[3];
  expect_error(syscall(SYS_setuid32, 0), EPERM);
  expect_error(syscall(SYS_setresuid32, -1, 0, -1), EPERM);
  expect_error(syscall(SYS_setgroups32, 0, 0), EPERM);
  expect_error(syscall(SYS_setgroups, 0, 0), EPERM);
  expect(syscall(SYS_getresuid32, &ids[0], &ids[1], &ids[2]), 0);
  expect(ids[0] == 1000 && ids[1] == 1000 && ids[2] == 1000, 1);
  expect(syscall(SYS_getresgid, &narrow[0], &narrow[1], &narrow[2]), 0);
  expect(narrow[0] == 100 && narrow[1] == 100 && narrow[2] == 100, 1);
  expect(syscall(SYS_getgroups32, 1, ids), 1);
  expect(ids[0], 200);
  expect(syscall(SYS_getgroups, 1, narrow), 1);
  expect(narrow[0], 200);
  expect(syscall(SYS_setfsuid32, 0), 1000);
  expect(syscall(SYS_setfsgid, -1), 100);
  expect(syscall(SYS_setregid, -1, 100), 0);
}

static void as_superuser(void) {
  unsigned ids[3];
  unsigned short narrow[3];
  expect(syscall(SYS_getuid) | syscall(SYS_geteuid) | syscall(SYS_getuid32) | syscall(SYS_geteuid32), 0);
  expect(syscall(SYS_getgid) | syscall(SYS_getegid) | syscall(SYS_getgid32) | syscall(SYS_getegid32), 0);
  const pid_t child = fork();
  if (child == 0) {
    failed_checks = 0;
    expect(syscall(SYS_setresgid, 1, 2, 3), 0);
    expect(syscall(SYS_getresgid32, &ids[0], &ids[1], &ids[2]), 0);
    expect(ids[0] == 1 && ids[1] == 2 && ids[2] == 3, 1);
    expect(syscall(SYS_setregid32, 5, 5), 0);
    expect(syscall(SYS_setgid, 6), 0);
    expect(syscall(SYS_setgid32, 7), 0);
    expect(syscall(SYS_setfsgid32, 9), 7);
    expect(syscall(SYS_setresuid, 70, 71, 72), 0);
    expect(syscall(SYS_getresuid, &narrow[0], &narrow[1], &narrow[2]), 0);
    expect(narrow[0] == 70 && narrow[1] == 71 && narrow[2] == 72, 1);
    expect(syscall(SYS_setreuid32, 71, 70), 0);
    expect(syscall(SYS_setreuid, -1, 71), 0);
    expect_error(syscall(SYS_setuid, 99), EPERM);
    expect(syscall(SYS_setfsuid, 12345), 71);
    fflush(stdout);
    _exit(failed_checks);
  }
  int status = -1;
  waitpid(child, &status, 0);
  expect(status, 0);
}

int main(int argc, char** argv) {
  (void)argv;
  if (argc > 1) return geteuid() == 777 && getuid() == 1000 ? 0 : 1;
  umask(0);
  system("rm -rf /tmp/r; mkdir /tmp/r /tmp/r/closed /tmp/r/sticky; touch /tmp/r/secret /tmp/r/shared /tmp/r/group "
         "/tmp/r/sticky/theirs; chmod 755 /tmp/r; chmod 700 /tmp/r/closed; chmod 1777 /tmp/r/sticky");
  expect(syscall(SYS_chmod, "/tmp/r/secret", 0600), 0);
  const int file = open("/tmp/r/shared", O_RDWR);
  expect(syscall(SYS_fchmod, file, 0644), 0);
  expect(syscall(SYS_fchmodat, AT_FDCWD, "/tmp/r/group", 0660), 0);
  expect(syscall(SYS_chown32, "/tmp/r/group", 0, 200), 0);
  close(file);
  as_user(try_files);
  as_user(try_identity);
  as_superuser();

  // A program with the set-user-ID bit runs as its owner; a change of owner takes the bit away.
  char self[64] = "", command[128];
  expect(readlink("/proc/self/exe", self, sizeof self - 1) > 0, 1);
  snprintf(command, sizeof command, "cp %s /tmp/r/setuid", self);
  system(command);
  expect(syscall(SYS_lchown32, "/tmp/r/setuid", 777, -1), 0);
  expect(chmod("/tmp/r/setuid", 04755), 0);
  const pid_t child = fork();
  if (child == 0) {
    syscall(SYS_setresuid32, 1000, 1000, 1000);
    execl("/tmp/r/setuid", "setuid", "x", (char*)0);
    _exit(9);
  }
  int status = -1;
  waitpid(child, &status, 0);
  expect(status, 0);
  expect(syscall(SYS_fchownat, AT_FDCWD, "/tmp/r/setuid", 0, 0, 0), 0);
  expect(mode_of("/tmp/r/setuid"), 0755);
  expect(syscall(SYS_chown, "/tmp/r/group", 5, 6) | syscall(SYS_lchown, "/tmp/r/group", -1, 7), 0);
  const int again = open("/tmp/r/group", O_RDWR);
  expect(syscall(SYS_fchown, again, 8, -1) | syscall(SYS_fchown32, again, -1, 9), 0);
  struct stat s;
  expect(fstat(again, &s), 0);
  expect(s.st_uid == 8 && s.st_gid == 9, 1);
  expect(syscall(SYS_faccessat, AT_FDCWD, "/tmp/r/group", R_OK), 0);
  expect(syscall(439, AT_FDCWD, "/tmp/r/group", W_OK, AT_EACCESS), 0);
  expect_error(syscall(SYS_access, "/tmp/r/group", X_OK), EACCES);
  expect_error(syscall(SYS_access, "/tmp/r/group", 99), EINVAL);
  return system("rm -rf /tmp/r") | finish();
}
