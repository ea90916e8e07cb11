// AF_UNIX sockets: by path and by abstract name, streams, datagrams and sequenced packets; the end of a peer; other
// families are refused.
//@ socket bind listen connect accept4 getsockname getpeername shutdown sendto recvfrom getsockopt setsockopt socketcall
//> all as expected
#include "expect.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>

static socklen_t fill(struct sockaddr_un* address, const char* name, int length) {
  memset(address, 0, sizeof *address);
  address->sun_family = AF_UNIX;
  memcpy(address->sun_path, name, (size_t)length);
  return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + (size_t)length);
}

static int ready(int file, short events) {
  struct pollfd p = {file, events, 0};
  return poll(&p, 1, 0) < 0 ? -1 : p.revents;
}

static void streams(void) {
  struct sockaddr_un address, told;
  char bytes[64] = "";
  struct stat status;
  const int listener = socket(AF_UNIX, SOCK_STREAM, 0);
  socklen_t size = fill(&address, "/tmp/socket", 12);
  unlink("/tmp/socket");
  expect_error(listen(listener, 1), EINVAL);
  expect(bind(listener, (struct sockaddr*)&address, size), 0);
  expect(stat("/tmp/socket", &status), 0);
  expect(S_ISSOCK(status.st_mode), 1);
  const int late = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  expect_error(bind(late, (struct sockaddr*)&address, size), EADDRINUSE);
  expect_error(connect(late, (struct sockaddr*)&address, size), ECONNREFUSED);
  expect(listen(listener, 4), 0);
  expect(ready(listener, POLLIN), 0);
  const pid_t child = fork();
  if (child == 0) {
    if (connect(late, (struct sockaddr*)&address, size) != 0) _exit(1);
    if (write(late, "hello", 5) != 5 || read(late, bytes, sizeof bytes) != 3) _exit(2);
    _exit(memcmp(bytes, "you", 3) == 0 ? 0 : 3);
  }
  close(late);
  size = sizeof told;
  const int accepted = accept4(listener, (struct sockaddr*)&told, &size, SOCK_NONBLOCK);
  expect(fcntl(accepted, F_GETFL) & O_NONBLOCK, O_NONBLOCK);
  while (ready(accepted, POLLIN) == 0) usleep(1000);
  expect(recv(accepted, bytes, sizeof bytes, MSG_PEEK), 5);
  expect(read(accepted, bytes, 2), 2);
  expect(read(accepted, bytes, sizeof bytes), 3);
  expect(strncmp(bytes, "llo", 3), 0);
  struct ucred peer;
  size = sizeof peer;
  expect(getsockopt(accepted, SOL_SOCKET, SO_PEERCRED, &peer, &size), 0);
  expect(peer.pid, child);
  size = sizeof told;
  expect(getsockname(accepted, (struct sockaddr*)&told, &size), 0);
  expect_string(told.sun_path, "/tmp/socket");
  expect(write(accepted, "you", 3), 3);
  int result;
  expect(waitpid(child, &result, 0), child);
  expect(result, 0);
  expect(read(accepted, bytes, sizeof bytes), 0);
  expect(ready(accepted, POLLIN | POLLRDHUP) & (POLLIN | POLLHUP | POLLRDHUP), POLLIN | POLLHUP | POLLRDHUP);
  expect_error(send(accepted, "x", 1, MSG_NOSIGNAL), EPIPE);
  close(accepted), close(listener);
  unlink("/tmp/socket");
}

static void packets(void) {
  struct sockaddr_un address;
  char bytes[64];
  const socklen_t size = fill(&address, "\0abstract", 9);
  const int server = socket(AF_UNIX, SOCK_DGRAM, 0), client = socket(AF_UNIX, SOCK_DGRAM, 0);
  expect(bind(server, (struct sockaddr*)&address, size), 0);
  expect(sendto(client, "one", 3, 0, (struct sockaddr*)&address, size), 3);
  expect(sendto(client, "second", 6, 0, (struct sockaddr*)&address, size), 6);
  expect(sendto(client, "", 0, 0, (struct sockaddr*)&address, size), 0);
  struct sockaddr_un from;
  socklen_t from_size = sizeof from;
  expect(recvfrom(server, bytes, sizeof bytes, 0, (struct sockaddr*)&from, &from_size), 3);
  expect(from_size <= 2, 1);
  expect(recv(server, bytes, 2, MSG_TRUNC), 6);
  expect(recv(server, bytes, sizeof bytes, 0), 0);
  expect_error(recv(server, bytes, sizeof bytes, MSG_DONTWAIT), EAGAIN);
  expect_error(send(client, "x", 1, 0), ENOTCONN);
  expect(connect(client, (struct sockaddr*)&address, size), 0);
  expect(send(client, "three", 5, 0), 5);
  close(server);
  expect_error(send(client, "four", 4, 0), ECONNREFUSED);
  close(client);

  int pair[2];
  expect(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair), 0);
  expect(write(pair[0], "abc", 3), 3);
  expect(write(pair[0], "de", 2), 2);
  expect(read(pair[1], bytes, 2), 2);
  expect(read(pair[1], bytes, sizeof bytes), 2);
  expect(bytes[0], 'd');
  expect(shutdown(pair[0], SHUT_WR), 0);
  expect(read(pair[1], bytes, sizeof bytes), 0);
  expect_error(send(pair[0], "x", 1, MSG_NOSIGNAL), EPIPE);
  int value = 0;
  socklen_t value_size = sizeof value;
  expect(getsockopt(pair[0], SOL_SOCKET, SO_TYPE, &value, &value_size), 0);
  expect(value, SOCK_SEQPACKET);
  expect(setsockopt(pair[0], SOL_SOCKET, SO_SNDBUF, &value, sizeof value), 0);
}

int main(void) {
  signal(SIGPIPE, SIG_DFL);
  streams();
  packets();
  unsigned arguments[3] = {AF_UNIX, SOCK_STREAM, 0};
  const int file = (int)syscall(SYS_socketcall, 1, arguments);
  expect(file >= 0, 1);
  expect_error(getpeername(file, (struct sockaddr*)&(struct sockaddr_un){0}, &(socklen_t){8}), ENOTCONN);
  expect_error(listen(0, 1), ENOTSOCK);
  return finish();
}
