// Reading and writing at positions and in pieces; seeking for holes; copying without the program; sizes and limits.
//@ read write readv writev pread64 pwrite64 preadv pwritev preadv2 pwritev2 lseek _llseek truncate ftruncate truncate64
//@ ftruncate64 fallocate fsync sync syncfs sync_file_range readahead fadvise64 fadvise64_64 sendfile sendfile64
//@ copy_file_range splice tee vmsplice
//> all as expected
#include "expect.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/uio.h>

static int file;
static char text[64];

static const char* read_at(long at, size_t size) {
  memset(text, 0, sizeof text);
  expect(pread(file, text, size, at) >= 0, 1);
  return text;
}

static void pieces(void) {
  const struct iovec out[3] = {{"one ", 4}, {0, 0}, {"two", 3}};
  char a[3] = "", b[8] = "";
  const struct iovec in[2] = {{a, 2}, {b, 7}};
  expect(writev(file, out, 3), 7);
  expect(lseek(file, 1, SEEK_SET), 1);
  expect(readv(file, in, 2), 6);
  expect_string(a, "ne");
  expect_string(b, " two");
  expect_error(syscall(SYS_readv, file, in, 2000), EINVAL);
  expect(pwrite(file, "END", 3, 10), 3);
  expect_string(read_at(8, 5), "");
  expect_string(read_at(10, 5), "END");
  expect(lseek(file, 0, SEEK_CUR), 7);
  expect(pwritev(file, out, 3, 20), 7);
  memset(a, 0, sizeof a), memset(b, 0, sizeof b);
  expect(preadv(file, in, 2, 20), 7);
  expect_string(b, "e two");
  expect(syscall(SYS_preadv2, file, in, 2, 10, 0, 0), 9);
  expect(syscall(SYS_pwritev2, file, out, 1, -1, -1, 0), 4);
  expect(lseek(file, 0, SEEK_CUR), 11);
  expect_error(syscall(SYS_preadv2, file, in, 2, 0, 0, 1 << 20), EOPNOTSUPP);
  expect_error(pread(file, text, 1, -1), EINVAL);
  expect_error(syscall(SYS_read, file, 1, 4), EFAULT);
  expect_error(write(99, "x", 1), EBADF);
}

static void seeking(void) {
  long long place = 0;
  struct stat status;
  expect(ftruncate(file, 100000), 0);
  expect(lseek(file, 0, SEEK_END), 100000);
  expect_error(lseek(file, -1, SEEK_SET), EINVAL);
  expect_error(lseek(file, 0, 9), EINVAL);
  expect(syscall(SYS__llseek, file, 1, 2, &place, SEEK_SET), 0);
  expect(place, 0x100000002ll);
  expect(pwrite(file, "x", 1, 65536), 1);
  expect(lseek(file, 4096, SEEK_DATA), 65536);
  expect(lseek(file, 0, SEEK_HOLE), 4096);
  expect_error(lseek(file, 200000, SEEK_DATA), ENXIO);
  expect(syscall(SYS_ftruncate, file, 5) | syscall(SYS_truncate, "/tmp/reading", 6), 0);
  expect(syscall(SYS_truncate64, "/tmp/reading", 7, 0) | syscall(SYS_ftruncate64, file, 8, 0), 0);
  expect(fstat(file, &status), 0);
  expect(status.st_size, 8);
  expect_error(truncate("/tmp", 1), EISDIR);
  expect_error(syscall(SYS_truncate64, "/tmp/reading", 0, 0x80000000u), EINVAL);
  expect(fallocate(file, 0, 0, 8192), 0);
  expect(fallocate(file, FALLOC_FL_KEEP_SIZE, 0, 20000), 0);
  expect(fstat(file, &status), 0);
  expect(status.st_size, 8192);
  expect(status.st_blocks, 40);
  expect_error(fallocate(file, 0, -1, 1), EINVAL);
  expect(fsync(file) | fdatasync(file) | syncfs(file) | sync_file_range(file, 0, 0, 0), 0);
  expect(readahead(file, 0, 4096), 0);
  expect(syscall(SYS_fadvise64, file, 0, 0, 0, 1) | syscall(SYS_fadvise64_64, file, 0, 0, 0, 0, 3), 0);
  expect_error(syscall(SYS_fadvise64, file, 0, 0, 0, 77), EINVAL);
  sync();
}

static void copies(void) {
  int ends[2], other[2];
  off64_t from = 2, to = 1;
  expect(pipe(ends) | pipe(other), 0);
  expect(ftruncate(file, 0) | (pwrite(file, "abcdefgh", 8, 0) != 8), 0);
  const int target = open("/tmp/reading.copy", O_CREAT | O_RDWR | O_TRUNC, 0600);
  expect(copy_file_range(file, &from, target, &to, 4, 0), 4);
  expect(from == 6 && to == 5, 1);
  expect(pread(target, text, 5, 0), 5);
  expect(memcmp(text, "\0cdef", 5), 0);
  off_t at = 3;
  expect(lseek(file, 0, SEEK_SET), 0);
  expect(syscall(SYS_sendfile, ends[1], file, &at, 2), 2);
  expect(at, 5);
  expect(syscall(SYS_sendfile64, ends[1], file, 0, 3), 3);
  expect(tee(ends[0], other[1], 100, 0), 5);
  memset(text, 0, sizeof text);
  expect(read(other[0], text, sizeof text), 5);
  expect_string(text, "deabc");
  expect(splice(ends[0], 0, target, &(off64_t){0}, 100, 0), 5);
  expect(pread(target, text, 5, 0), 5);
  expect_string(text, "deabc");
  expect(splice(target, &(off64_t){1}, ends[1], 0, 3, 0), 3);
  const struct iovec vector = {"more", 4};
  expect(vmsplice(ends[1], &vector, 1, 0), 4);
  memset(text, 0, sizeof text);
  expect(read(ends[0], text, sizeof text), 7);
  expect_string(text, "eabmore");
  expect_error(splice(ends[0], 0, other[1], 0, 10, SPLICE_F_NONBLOCK), EAGAIN);
  expect_error(splice(file, 0, target, 0, 10, 0), EINVAL);
  expect(fcntl(ends[0], F_GETPIPE_SZ), 65536);
  expect(fcntl(ends[0], F_SETPIPE_SZ, 4096), 4096);
  fcntl(ends[1], F_SETFL, O_NONBLOCK);
  static char much[8192];
  expect(write(ends[1], much, sizeof much), 4096);
  expect_error(write(ends[1], much, 1), EAGAIN);
  unlink("/tmp/reading.copy");
}

int main(void) {
  file = open("/tmp/reading", O_CREAT | O_RDWR | O_TRUNC, 0600);
  pieces();
  seeking();
  copies();
  // Beyond RLIMIT_FSIZE nothing is written.
  signal(SIGXFSZ, SIG_IGN);
  const struct rlimit limit = {100, 100};
  expect(setrlimit(RLIMIT_FSIZE, &limit), 0);
  expect(pwrite(file, text, 20, 90), 10);
  expect_error(pwrite(file, text, 20, 100), EFBIG);
  // What is appended goes to the end, whatever the position.
  const int end = open("/tmp/reading", O_WRONLY | O_APPEND);
  expect(ftruncate(end, 3), 0);
  expect(write(end, "tail", 4), 4);
  expect(lseek(end, 0, SEEK_CUR), 7);
  expect_error(read(end, text, 1), EBADF);
  unlink("/tmp/reading");
  return finish();
}
