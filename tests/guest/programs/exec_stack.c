// A program's first stack: arguments, environment and the auxiliary vector, ending below 0xff000000 (4G/4G).
//> 3 arguments: [/tests/exec_stack] [two words] []
//> environment: [A=b]
//> page size 4096, 16 random bytes, platform i686, program /tests/exec_stack
//> the stack is in the last megabyte below ff000000
#define _GNU_SOURCE
#include <stdio.h>
#include <sys/auxv.h>
#include <unistd.h>

extern char** environ;

int main(int count, char** arguments) {
  if (count == 1) {
    char* const again[] = {arguments[0], "two words", "", 0};
    char* const environment[] = {"A=b", 0};
    execve("/tests/exec_stack", again, environment);
    return 1;
  }
  printf("%d arguments:", count);
  for (int i = 0; i < count; ++i) printf(" [%s]", arguments[i]);
  printf("\nenvironment:");
  for (char** e = environ; *e; ++e) printf(" [%s]", *e);
  printf("\npage size %lu, %s random bytes, platform %s, program %s\n", getauxval(AT_PAGESZ), getauxval(AT_RANDOM) ? "16" : "no",
         (char*)getauxval(AT_PLATFORM), (char*)getauxval(AT_EXECFN));
  const unsigned long at = (unsigned long)arguments;
  printf("the stack is %s\n", at < 0xff000000 && at > 0xfef00000 ? "in the last megabyte below ff000000" : "elsewhere");
}
