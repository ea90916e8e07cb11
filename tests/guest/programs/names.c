// Names: made, removed, linked, renamed, exchanged, listed; each error that Linux gives.
//@ open creat openat openat2 mkdir mkdirat rmdir mknod mknodat link linkat symlink symlinkat readlink readlinkat unlink
//@ unlinkat rename renameat renameat2 chdir fchdir getcwd umask getdents getdents64 close
//> all as expected
#include "expect.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>

static int there(const char* path) { return access(path, F_OK) == 0; }

static void files(void) {
  expect(syscall(SYS_creat, "one", 0640), 3);
  expect_error(open("one", O_CREAT | O_EXCL | O_RDWR, 0600), EEXIST);
  expect_error(open("one/", O_RDONLY), ENOTDIR);
  expect_error(open("one", O_DIRECTORY), ENOTDIR);
  expect_error(open("none/x", O_CREAT | O_RDWR, 0600), ENOENT);
  expect_error(open(".", O_RDWR), EISDIR);
  expect(syscall(SYS_openat, AT_FDCWD, "one", O_RDONLY), 4);
  unsigned long long how[3] = {O_RDONLY, 0, 0};
  expect(syscall(437, AT_FDCWD, "one", how, sizeof how), 5);
  expect_error(syscall(437, AT_FDCWD, "one", how, 8), EINVAL);
  expect(close(3) | close(4) | close(5), 0);
  expect_error(close(5), EBADF);
  umask(027);
  expect(umask(022), 027);
  char name[300];
  memset(name, 'n', sizeof name);
  name[299] = 0;
  expect_error(open(name, O_CREAT, 0600), ENAMETOOLONG);
}

static void links(void) {
  struct stat status;
  char text[32] = "";
  expect(link("one", "two"), 0);
  expect(linkat(AT_FDCWD, "two", AT_FDCWD, "three", 0), 0);
  expect(stat("one", &status), 0);
  expect(status.st_nlink, 3);
  expect_error(link("one", "two"), EEXIST);
  expect_error(link(".", "dot"), EPERM);
  expect(symlink("one", "soft"), 0);
  expect(symlinkat("/none/at/all", AT_FDCWD, "dangling"), 0);
  expect(readlink("soft", text, sizeof text), 3);
  expect_string(text, "one");
  expect(syscall(SYS_readlinkat, AT_FDCWD, "dangling", text, 5), 5);
  expect_error(readlink("one", text, sizeof text), EINVAL);
  expect_error(open("dangling", O_RDONLY), ENOENT);
  expect_error(open("soft", O_RDONLY | O_NOFOLLOW), ELOOP);
  expect(symlink("round", "round"), 0);
  expect_error(open("round", O_RDONLY), ELOOP);
  // A link that dangles: a file is made where it points at.
  expect(symlink("made", "maker"), 0);
  expect(close(open("maker", O_CREAT | O_RDWR, 0600)), 0);
  expect(there("made"), 1);
  expect(unlink("two") | unlink("three") | unlink("soft") | unlink("dangling") | unlink("round"), 0);
  expect_error(unlink("two"), ENOENT);
}

static void directories(void) {
  char text[64];
  expect(mkdir("d", 0755), 0);
  expect_error(mkdir("d", 0755), EEXIST);
  const int d = open("d", O_RDONLY | O_DIRECTORY);
  expect(mkdirat(d, "e", 0700), 0);
  expect_error(rmdir("d"), ENOTEMPTY);
  expect_error(unlink("d"), EISDIR);
  expect_error(rmdir("one"), ENOTDIR);
  expect_error(rmdir("d/."), EINVAL);
  expect(fchdir(d), 0);
  expect(getcwd(text, sizeof text) != 0, 1);
  expect_string(text, "/tmp/names/d");
  expect_error(syscall(SYS_getcwd, text, 3), ERANGE);
  expect(chdir("e"), 0);
  expect(unlinkat(d, "e", AT_REMOVEDIR), 0);
  expect_error(syscall(SYS_getcwd, text, sizeof text), ENOENT);
  expect_error(open("x", O_CREAT | O_RDWR, 0600), ENOENT);
  expect(chdir("/tmp/names"), 0);
  expect_error(chdir("one"), ENOTDIR);
  close(d);
}

static void renames(void) {
  struct stat a, b;
  expect(stat("one", &a), 0);
  expect(rename("one", "d/moved"), 0);
  expect(stat("d/moved", &b), 0);
  expect(a.st_ino, b.st_ino);
  expect(there("one"), 0);
  expect(mkdir("f", 0755) | mkdir("f/g", 0755), 0);
  expect_error(rename("f", "f/g/h"), EINVAL);
  expect_error(rename("f", "made"), ENOTDIR);
  expect_error(rename("made", "f"), EISDIR);
  expect_error(rename("d", "f"), ENOTEMPTY);
  expect(syscall(SYS_renameat, AT_FDCWD, "f/g", AT_FDCWD, "g"), 0);
  expect(rename("d", "f"), 0);
  expect(there("f/moved"), 1);
  expect_error(syscall(SYS_renameat2, AT_FDCWD, "made", AT_FDCWD, "g", RENAME_NOREPLACE), EEXIST);
  expect(syscall(SYS_renameat2, AT_FDCWD, "made", AT_FDCWD, "f", RENAME_EXCHANGE), 0);
  expect(there("made/moved"), 1);
  expect(stat("f", &a), 0);
  expect(S_ISREG(a.st_mode), 1);
  expect(rename("none", "x") == -1 && errno == ENOENT, 1);
}

static void nodes(void) {
  struct stat status;
  expect(mknod("fifo", S_IFIFO | 0600, 0), 0);
  expect(syscall(SYS_mknodat, AT_FDCWD, "null", S_IFCHR | 0666, 0x103), 0);
  expect(syscall(SYS_mknod, "plain", S_IFREG | 0600, 0), 0);
  expect(stat("null", &status), 0);
  expect(S_ISCHR(status.st_mode) && status.st_rdev == 0x103, 1);
  expect_error(mknod("fifo", S_IFIFO | 0600, 0), EEXIST);
  expect_error(open("fifo", O_WRONLY | O_NONBLOCK), ENXIO);
}

// getdents: each name once, and lseek goes back to a place that was told.
static void lists(void) {
  struct Entry {
    unsigned long long inode, next;
    unsigned short size;
    unsigned char type;
    char name[];
  };
  char buffer[512] __attribute__((aligned(8)));
  char name[16];
  mkdir("many", 0755);
  for (int i = 0; i < 40; ++i) {
    snprintf(name, sizeof name, "many/%d", i);
    close(open(name, O_CREAT | O_RDWR, 0600));
  }
  int count = 0, seen_dots = 0;
  unsigned long long fifth = 0;
  char after_fifth[16] = "";
  const int d = open("many", O_RDONLY);
  long size;
  while ((size = syscall(SYS_getdents64, d, buffer, sizeof buffer)) > 0) {
    for (long at = 0; at < size;) {
      const struct Entry* e = (const struct Entry*)(buffer + at);
      if (e->name[0] == '.') ++seen_dots;
      if (++count == 5) fifth = e->next;
      if (count == 6) snprintf(after_fifth, sizeof after_fifth, "%s", e->name);
      at += e->size;
    }
  }
  expect(size, 0);
  expect(count, 42);
  expect(seen_dots, 2);
  expect(lseek64(d, (long long)fifth, SEEK_SET), fifth);
  expect(syscall(SYS_getdents64, d, buffer, sizeof buffer) > 0, 1);
  expect_string(((const struct Entry*)buffer)->name, after_fifth);
  expect(lseek(d, 0, SEEK_SET), 0);
  expect(syscall(SYS_getdents, d, buffer, sizeof buffer) > 0, 1);
  expect_error(syscall(SYS_getdents64, d, buffer, 8), EINVAL);
  close(d);
}

int main(void) {
  system("rm -rf /tmp/names");
  expect(mkdir("/tmp/names", 0755), 0);
  expect(chdir("/tmp/names"), 0);
  files();
  links();
  directories();
  renames();
  nodes();
  lists();
  chdir("/");
  return system("rm -rf /tmp/names") | finish();
}
