#pragma once

#include <cstring>
#include <initializer_list>
#include <span>
#include <sys/socket.h>
#include <unistd.h>

#include "verifiers/code/sandbox/launcher/protocol.h"

// One struct and up to kMaxDescriptors descriptors over a SOCK_SEQPACKET socket; used by both sides.

namespace cupel::sandbox {

// False with errno set when the other side is gone.
inline bool SendBytes(int socket, const void* data, size_t size, std::span<const int> descriptors) {
  iovec part = {const_cast<void*>(data), size};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int) * kMaxDescriptors)] = {};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  if (!descriptors.empty()) {
    message.msg_control = control;
    message.msg_controllen = CMSG_SPACE(descriptors.size_bytes());
    cmsghdr* header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(descriptors.size_bytes());
    std::memcpy(CMSG_DATA(header), descriptors.data(), descriptors.size_bytes());
  }
  while (true) {
    const ssize_t sent = sendmsg(socket, &message, MSG_NOSIGNAL);
    if (sent >= 0 || errno != EINTR) {
      return sent == static_cast<ssize_t>(size);
    }
  }
}

template <class Message>
bool Send(int socket, const Message& message, std::span<const int> descriptors = {}) {
  return SendBytes(socket, &message, sizeof message, descriptors);
}

// Number of bytes received, 0 when the other side closed, -1 with errno. Descriptors are close-on-exec; `num_descriptors` says how many.
inline ssize_t ReceiveBytes(int socket, void* data, size_t size, std::span<int, kMaxDescriptors> descriptors, int& num_descriptors) {
  iovec part = {data, size};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int) * kMaxDescriptors)] = {};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  ssize_t got = -1;
  do {
    got = recvmsg(socket, &message, MSG_CMSG_CLOEXEC);
  } while (got < 0 && errno == EINTR);
  num_descriptors = 0;
  if (got <= 0) {
    return got;
  }
  for (cmsghdr* header = CMSG_FIRSTHDR(&message); header != nullptr; header = CMSG_NXTHDR(&message, header)) {
    if (header->cmsg_level == SOL_SOCKET && header->cmsg_type == SCM_RIGHTS) {
      const size_t bytes = header->cmsg_len - CMSG_LEN(0);
      std::memcpy(descriptors.data(), CMSG_DATA(header), bytes);
      num_descriptors = static_cast<int>(bytes / sizeof(int));
    }
  }
  return got;
}

template <class Message>
bool Receive(int socket, Message& message, std::span<int, kMaxDescriptors> descriptors, int& num_descriptors) {
  const ssize_t got = ReceiveBytes(socket, &message, sizeof message, descriptors, num_descriptors);
  if (got == static_cast<ssize_t>(sizeof message)) {
    return true;
  }
  for (int i = 0; i < num_descriptors; ++i) {
    close(descriptors[static_cast<size_t>(i)]);
  }
  num_descriptors = 0;
  errno = got == 0 ? ECONNRESET : got < 0 ? errno : EPROTO;
  return false;
}

}  // namespace cupel::sandbox
