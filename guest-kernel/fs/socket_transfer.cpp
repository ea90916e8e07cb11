// AF_UNIX sockets: sending and receiving.
#include "fs/socket.hpp"
#include "fs/vfs.hpp"
#include "lib/credentials.hpp"
#include "lib/process.hpp"

namespace ido::fs {

namespace {
constexpr i32 kSigPipe = 13;
}

void SocketFile::deliver(SocketMessage& message) {
  queue_.push_back(message);
  queued_bytes_ += message.size;
  changed();
}

void SocketFile::drop(SocketMessage& message) {
  queue_.remove(message);
  queued_bytes_ -= message.size;
  delete &message;
}

Or<> SocketFile::wait(u32 how) {
  if (!blocks() || (how & message_flag::kDontWait)) return fail(Errno::kAgain);
  return changed_.wait_interruptible();
}

Or<SocketFile*> SocketFile::target_of(Ref<Dentry> directory, const SocketAddress* to) {
  if (write_shut_) return fail(Errno::kPipe);
  if (type_ != SocketType::kDatagram) {
    if (to != nullptr) return fail(was_connected_ ? Errno::kIsConn : Errno::kOpNotSupp);
    if (peer_ == nullptr) return fail(was_connected_ ? Errno::kPipe : Errno::kNotConn);
    return peer_;
  }
  if (to != nullptr) return find(std::move(directory), *to);
  if (peer_ != nullptr) return peer_;
  return fail(peer_name_.size > 0 ? Errno::kConnRefused : Errno::kNotConn);
}

Or<u32> SocketFile::send(Buffer& buffer, Ref<Dentry> directory, const SocketAddress* to, Vector<Ref<File>> files,
                         u32 how) {
  if (how & message_flag::kOutOfBand) return fail(Errno::kOpNotSupp);
  const Credentials& who = current_credentials();
  const bool stream = type_ == SocketType::kStream;
  if (!stream && buffer.left() > kMostQueued) return fail(Errno::kMsgSize);
  const u32 before = buffer.done();
  for (;;) {
    auto target = target_of(directory, to);
    if (!target.ok()) {
      if (buffer.done() > before) break;
      if (target.error() == Errno::kPipe && !(how & message_flag::kNoSignal)) signal_current(kSigPipe);
      return fail(target.error());
    }
    Ref<SocketFile> receiver(*target);
    if (receiver->full()) {
      // The receiver makes room and says so on its own queue.
      auto waited = !blocks() || (how & message_flag::kDontWait) ? Or<>(fail(Errno::kAgain))
                                                                 : receiver->changed_.wait_interruptible();
      if (waited.ok()) continue;
      if (buffer.done() > before) break;
      return fail(waited.error());
    }
    const u32 size = stream && buffer.left() > kPiece ? kPiece : buffer.left();
    SocketMessage* message = SocketMessage::make(size);
    if (message == nullptr) return buffer.done() > before ? Or<u32>(buffer.done() - before) : fail(Errno::kNoMem);
    if (auto taken = buffer.take(message->data, size); !taken.ok()) {
      delete message;
      if (buffer.done() > before) break;
      return fail(taken.error());
    }
    message->from = name_;
    message->sender = {current_process_id(), who.user.real, who.group.real};
    message->files = std::move(files);
    // The copy may have slept in a page fault, and the other end may have gone meanwhile.
    if (stream && peer_ == nullptr) {
      delete message;
      continue;
    }
    receiver->deliver(*message);
    if (buffer.left() == 0) break;
  }
  return buffer.done() - before;
}

// The first message, when there is one; null at the end.
Or<SocketMessage*> SocketFile::next_message(u32 how) {
  if (type_ != SocketType::kDatagram && !was_connected_) return fail(listening() ? Errno::kInval : Errno::kNotConn);
  while (queue_.empty()) {
    if (error_ != Errno{0}) return fail(take_error());
    if (read_shut_ || (type_ != SocketType::kDatagram && peer_ == nullptr)) return nullptr;
    TRY(wait(how));
  }
  return queue_.front();
}

Or<u32> SocketFile::take(SocketMessage& message, Buffer& buffer, Received& received, u32 how) {
  const bool stream = type_ == SocketType::kStream, peek = (how & message_flag::kPeek) != 0;
  const u32 there = message.size - message.done;
  const u32 n = there < buffer.left() ? there : buffer.left();
  received.from = message.from;
  received.sender = message.sender;
  // Out of the queue while it is copied: that may sleep, and another reader come.
  queue_.remove(message);
  auto given = buffer.give(message.data + message.done, n);
  if (!given.ok() || peek) {
    queue_.push_front(message);
    if (!given.ok()) return fail(given.error());
    if (peek)
      for (const Ref<File>& file : message.files) TRY(received.files.push(file));
  } else {
    received.files = std::move(message.files);
    message.done += n;
    queue_.push_front(message);
    if (!stream || message.done == message.size) drop(message);
  }
  if (!stream && n < there) received.truncated = true;
  if (!peek) changed();
  return !stream && (how & message_flag::kTruncated) ? there : n;
}

Or<u32> SocketFile::receive(Buffer& buffer, Received& received, u32 how) {
  if (how & message_flag::kOutOfBand) return fail(Errno::kOpNotSupp);
  const bool stream = type_ == SocketType::kStream;
  const u32 before = buffer.done();
  if (stream && buffer.left() == 0) return 0;
  for (;;) {
    const bool any = buffer.done() > before;
    auto next = next_message(any && !(how & message_flag::kWaitAll) ? how | message_flag::kDontWait : how);
    if (!next.ok()) return any ? Or<u32>(buffer.done() - before) : Or<u32>(fail(next.error()));
    if (*next == nullptr) break;
    // A stream's bytes go on until files come along with them.
    if (any && !(*next)->files.empty()) break;
    auto taken = take(**next, buffer, received, how);
    if (!stream || (how & message_flag::kPeek)) return taken;
    if (!taken.ok()) return any ? Or<u32>(buffer.done() - before) : std::move(taken);
    if (buffer.left() == 0 || !received.files.empty()) break;
  }
  return buffer.done() - before;
}

Or<u32> SocketFile::read(Buffer& buffer, u64&) {
  Received received;
  return receive(buffer, received, 0);
}

Or<u32> SocketFile::write(Buffer& buffer, u64&) { return send(buffer, {}, nullptr, {}, 0); }

}  // namespace ido::fs
