// What parents learn of their children, and why a program can't be executed.
//> 100 children, each with its exit status
//> vfork: 0
//> stopped 137f, continued ffff, killed 9
//> no children: No child processes
//> not executable: Permission denied
//> not there: No such file or directory
//> too many arguments: Argument list too long
//> no program: Exec format error
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static void try(const char* what, const char* path, const char* argument) {
  execl(path, path, argument, (char*)0);
  printf("%s: %s\n", what, strerror(errno));
}

int main(void) {
  int right = 0, status;
  for (int i = 0; i < 100; ++i) {
    const pid_t child = fork();
    if (child == 0) _exit(i);
    if (waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == i) ++right;
  }
  printf("%d children, each with its exit status\n", right);

  pid_t child = vfork();
  if (child == 0) {
    execl("/bin/true", "true", (char*)0);
    _exit(9);
  }
  waitpid(child, &status, 0);
  printf("vfork: %x\n", status);

  child = fork();
  if (child == 0)
    for (;;) pause();
  kill(child, SIGSTOP);
  waitpid(child, &status, WUNTRACED);
  printf("stopped %x", status);
  kill(child, SIGCONT);
  waitpid(child, &status, WCONTINUED);
  printf(", continued %x", status);
  kill(child, SIGKILL);
  waitpid(child, &status, 0);
  printf(", killed %x\n", status);

  wait(0);
  printf("no children: %s\n", strerror(errno));
  fflush(stdout);
  try("not executable", "/etc/passwd", 0);
  try("not there", "/nothing", 0);
  static char long_argument[200000];
  memset(long_argument, 'a', sizeof long_argument - 1);
  try("too many arguments", "/bin/true", long_argument);
  const int file = open("/tmp/no-program", O_CREAT | O_WRONLY, 0755);
  if (write(file, "\177ELF and no more", 16) != 16) return 1;
  close(file);
  try("no program", "/tmp/no-program", 0);
}
