// Files without a name: memfd_create and its seals, O_TMPFILE, and what /proc shows of them.
//@ memfd_create
//> all as expected
#include "expect.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

int main(void) {
  char text[64] = "";
  struct stat status;
  const int file = memfd_create("memory", MFD_CLOEXEC | MFD_ALLOW_SEALING);
  expect(file >= 0, 1);
  expect(readlink("/proc/self/fd/3", text, sizeof text - 1) > 0, 1);
  expect_string(text, "/memfd:memory (deleted)");
  expect(write(file, "contents", 8), 8);
  char* at = mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  expect(at != MAP_FAILED && at[3] == 't', 1);
  expect(fcntl(file, F_GET_SEALS), 0);
  expect_error(fcntl(file, F_ADD_SEALS, F_SEAL_WRITE), EBUSY);
  expect(munmap(at, 4096), 0);
  expect(fcntl(file, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW), 0);
  expect_error(ftruncate(file, 4), EPERM);
  expect_error(ftruncate(file, 40), EPERM);
  expect(pwrite(file, "C", 1, 0), 1);
  expect(fcntl(file, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_SEAL), 0);
  expect_error(pwrite(file, "x", 1, 0), EPERM);
  expect((long)mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0), -1);
  expect_error(fcntl(file, F_ADD_SEALS, F_SEAL_SHRINK), EPERM);
  expect(fcntl(file, F_GET_SEALS), F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE);
  const int plain = memfd_create("", 0);
  expect(fcntl(plain, F_GET_SEALS), F_SEAL_SEAL);
  expect_error(memfd_create("x", 1 << 20), EINVAL);
  expect_error(fcntl(0, F_GET_SEALS), EINVAL);

  const int nameless = open("/tmp", O_TMPFILE | O_RDWR, 0600);
  expect(fstat(nameless, &status), 0);
  expect(status.st_nlink, 0);
  expect(write(nameless, "named later", 11), 11);
  snprintf(text, sizeof text, "/proc/self/fd/%d", nameless);
  unlink("/tmp/named");
  expect(linkat(AT_FDCWD, text, AT_FDCWD, "/tmp/named", AT_SYMLINK_FOLLOW), 0);
  expect(stat("/tmp/named", &status), 0);
  expect(status.st_size == 11 && status.st_nlink == 1, 1);
  unlink("/tmp/named");
  return finish();
}
