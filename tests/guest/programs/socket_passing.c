// Open files and credentials go from process to process through a socket.
//@ socketpair sendmsg recvmsg sendmmsg
//> all as expected
#include "expect.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/wait.h>

static long send_file(int socket, int file) {
  union {
    struct cmsghdr header;
    char room[CMSG_SPACE(sizeof(int))];
  } control = {.header = {CMSG_LEN(sizeof(int)), SOL_SOCKET, SCM_RIGHTS}};
  struct iovec vectors[2] = {{"fi", 2}, {"le", 2}};
  struct msghdr message = {.msg_iov = vectors, .msg_iovlen = 2, .msg_control = &control, .msg_controllen = sizeof control};
  memcpy(CMSG_DATA(&control.header), &file, sizeof file);
  return sendmsg(socket, &message, 0);
}

int main(void) {
  int pair[2], on = 1;
  char bytes[16] = "", text[16] = "";
  expect(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
  expect(setsockopt(pair[1], SOL_SOCKET, SO_PASSCRED, &on, sizeof on), 0);
  const pid_t child = fork();
  if (child == 0) {
    const int file = open("/tmp/passed", O_CREAT | O_RDWR | O_TRUNC, 0600);
    if (write(file, "contents", 8) != 8 || lseek(file, 3, SEEK_SET) != 3) _exit(1);
    _exit(send_file(pair[0], file) == 4 ? 0 : 2);
  }
  int result;
  expect(waitpid(child, &result, 0), child);
  expect(result, 0);

  struct iovec vector = {bytes, sizeof bytes};
  char control[CMSG_SPACE(sizeof(struct ucred)) + CMSG_SPACE(2 * sizeof(int))];
  struct msghdr message = {.msg_iov = &vector, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
  expect(recvmsg(pair[1], &message, MSG_CMSG_CLOEXEC), 4);
  expect_string(bytes, "file");
  int file = -1;
  struct ucred sender = {0};
  for (struct cmsghdr* c = CMSG_FIRSTHDR(&message); c != 0; c = CMSG_NXTHDR(&message, c)) {
    if (c->cmsg_type == SCM_RIGHTS) memcpy(&file, CMSG_DATA(c), sizeof file);
    if (c->cmsg_type == SCM_CREDENTIALS) memcpy(&sender, CMSG_DATA(c), sizeof sender);
  }
  expect(sender.pid, child);
  expect(fcntl(file, F_GETFD), FD_CLOEXEC);
  expect(read(file, text, sizeof text), 5);  // the position is the description's: it was passed along
  expect_string(text, "tents");
  unlink("/tmp/passed");

  struct mmsghdr two[2] = {{.msg_hdr = {.msg_iov = &(struct iovec){"one", 3}, .msg_iovlen = 1}},
                           {.msg_hdr = {.msg_iov = &(struct iovec){"second", 6}, .msg_iovlen = 1}}};
  expect(sendmmsg(pair[0], two, 2, 0), 2);
  expect(two[1].msg_len, 6);
  expect(read(pair[1], bytes, sizeof bytes), 9);
  return finish();
}
