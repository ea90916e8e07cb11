// Advisory locks: fcntl's of byte ranges by process and by open file, flock's of whole files, and who waits for whom.
//@ fcntl flock
//> all as expected
#include "expect.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/wait.h>

static int file;

static int lock(int command, short type, long start, long length, struct flock* told) {
  struct flock l = {.l_type = type, .l_whence = SEEK_SET, .l_start = start, .l_len = length};
  const int result = fcntl(file, command, &l);
  if (told != 0) *told = l;
  return result;
}

// In a child: the exit status of what it does there.
static int in_child(int (*run)(void)) {
  const pid_t child = fork();
  if (child == 0) _exit(run());
  int status = -1;
  waitpid(child, &status, 0);
  return WEXITSTATUS(status);
}

static int whose_lock(void) {
  struct flock l;
  if (lock(F_GETLK, F_WRLCK, 0, 0, &l) != 0) return 1;
  return l.l_type == F_RDLCK && l.l_start == 10 && l.l_len == 20 && l.l_pid == getppid() ? 0 : 2;
}
static int refused(void) { return lock(F_SETLK, F_WRLCK, 15, 1, 0) == -1 && errno == EAGAIN ? 0 : 1; }
static int shared(void) { return lock(F_SETLK, F_RDLCK, 15, 1, 0); }
static int hole(void) { return lock(F_SETLK, F_WRLCK, 15, 2, 0); }
static int beside_the_hole(void) { return lock(F_SETLK, F_WRLCK, 17, 1, 0) == -1 ? 0 : 1; }
static int all(void) { return lock(F_SETLK, F_WRLCK, 0, 0, 0); }

static int of_whole_file(void) {
  const int mine = open("/tmp/locked", O_RDWR);
  return flock(mine, LOCK_SH | LOCK_NB) == -1 && errno == EWOULDBLOCK ? 0 : 1;
}

int main(void) {
  file = open("/tmp/locked", O_CREAT | O_RDWR, 0600);
  expect(lock(F_SETLK, F_RDLCK, 10, 20, 0), 0);
  expect(in_child(whose_lock), 0);
  expect(in_child(refused), 0);
  expect(in_child(shared), 0);
  expect(lock(F_SETLK, F_UNLCK, 15, 2, 0), 0);
  expect(in_child(hole), 0);
  expect(in_child(beside_the_hole), 0);
  // Any descriptor of the file that is closed takes all the process's locks with it.
  close(open("/tmp/locked", O_RDONLY));
  expect(in_child(all), 0);
  expect_error(lock(F_SETLK, 7, 0, 0, 0), EINVAL);
  expect_error(lock(F_SETLK, F_RDLCK, -1, 0, 0), EINVAL);

  // Locks of an open file: two of one process are in each other's way.
  struct flock64 l = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
  const int again = open("/tmp/locked", O_RDWR);
  expect(fcntl(file, F_OFD_SETLK, &l), 0);
  l.l_pid = 0;
  expect_error(fcntl(again, F_OFD_SETLK, &l), EAGAIN);
  l.l_type = F_UNLCK;
  expect(fcntl(file, F_OFD_SETLK, &l), 0);

  expect(flock(file, LOCK_EX), 0);
  expect(flock(file, LOCK_EX), 0);
  expect(in_child(of_whole_file), 0);
  expect(flock(file, LOCK_UN), 0);
  expect(in_child(of_whole_file), 1);
  expect_error(flock(file, 77), EINVAL);

  // Waiting for a lock: it comes when its holder ends. Two that wait for each other: one is told.
  int ready[2];
  expect(pipe(ready), 0);
  const pid_t holder = fork();
  if (holder == 0) {
    lock(F_SETLK, F_WRLCK, 0, 1, 0);
    if (write(ready[1], "x", 1) != 1) _exit(1);
    usleep(50000);
    _exit(lock(F_SETLKW, F_WRLCK, 1, 1, 0) == -1 && errno == EDEADLK ? 0 : 1);
  }
  char byte;
  expect(lock(F_SETLK, F_WRLCK, 1, 1, 0), 0);
  expect(read(ready[0], &byte, 1), 1);
  expect(lock(F_SETLKW, F_WRLCK, 0, 1, 0), 0);
  int status;
  expect(waitpid(holder, &status, 0), holder);
  expect(status, 0);
  unlink("/tmp/locked");
  return finish();
}
