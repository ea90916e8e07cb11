// sendfile takes from a regular file only. From a terminal it read on behind a line and lost the end of file that
// Ctrl-D makes there, so that `cat` went on.
//> from a file: 5
//> from the terminal: -1, Invalid argument
//> from a pipe: -1, Invalid argument
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/sendfile.h>
#include <unistd.h>

static void refused(const char *name, int from, int to) {
  const int sent = (int)sendfile(to, from, 0, 10);
  printf("from %s: %d, %s\n", name, sent, strerror(errno));
}

int main(void) {
  int ends[2];
  const int file = open("/tmp/sendfile", O_CREAT | O_RDWR, 0600);
  if (file < 0 || pipe(ends) != 0 || write(file, "hello", 5) != 5 || lseek(file, 0, SEEK_SET) != 0) return 1;
  printf("from a file: %d\n", (int)sendfile(ends[1], file, 0, 10));
  refused("the terminal", 0, ends[1]);
  refused("a pipe", ends[0], file);
  return 0;
}
