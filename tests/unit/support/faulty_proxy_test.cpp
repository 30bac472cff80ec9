#include "support/faulty_proxy.hpp"

#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <atomic>
#include <functional>

#include <catch2/catch.hpp>

#include "support/loopback.hpp"
#include "support/recording_sink.hpp"
#include "support/wait_until.hpp"

using namespace bkp::test;
using bkp::util::Fd;

namespace {

/// Serves one connection after the other until it is destroyed.
class Server {
 public:
  explicit Server(std::function<void(int socket)> serve)
      : m_serve{std::move(serve)}, m_thread{[this] {
          for (;;) {
            const Fd client{::accept(m_listener.get(), nullptr, nullptr)};
            if (m_over) return;
            m_serve(client.get());
          }
        }} {}
  ~Server() {
    m_over = true;
    connect_to_loopback(port());
  }
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;
  std::uint16_t port() const { return port_of(m_listener); }

 private:
  std::function<void(int)> m_serve;
  Fd m_listener = listen_on_loopback();
  std::atomic<bool> m_over = false;
  std::jthread m_thread;
};

void send_text(int socket, std::string_view text) {
  while (!text.empty()) {
    const auto sent = ::send(socket, text.data(), text.size(), MSG_NOSIGNAL);
    if (sent <= 0) return;
    text.remove_prefix(static_cast<std::size_t>(sent));
  }
}

/// What comes until there are `most` bytes or the connection ends; a reset is "…RST".
std::string receive(int socket, std::size_t most = std::string::npos) {
  std::string text;
  std::array<char, 65536> buffer{};
  while (text.size() < most) {
    const auto wanted = std::min(buffer.size(), most - text.size());
    const auto length = ::recv(socket, buffer.data(), wanted, 0);
    if (length < 0) return text + "RST";
    if (length == 0) break;
    text.append(buffer.data(), static_cast<std::size_t>(length));
  }
  return text;
}

void echo(int socket) {
  for (;;) {
    std::array<char, 65536> buffer{};
    const auto length = ::recv(socket, buffer.data(), buffer.size(), 0);
    if (length <= 0) return;
    send_text(socket, {buffer.data(), static_cast<std::size_t>(length)});
  }
}

/// What comes back when `text` is sent and the sending end is closed.
std::string exchanged(const FaultyProxy& proxy, std::string_view text) {
  const auto socket = connect_to_loopback(proxy.port());
  if (!socket) return "refused";
  send_text(socket->get(), text);
  ::shutdown(socket->get(), SHUT_WR);
  return receive(socket->get());
}

}  // namespace

TEST_CASE("a proxy passes everything on, both ways") {
  Server server{echo};
  FaultyProxy proxy{server.port()};
  const std::string text = noise(3'000'000);
  const auto socket = connect_to_loopback(proxy.port());
  REQUIRE(socket);
  std::jthread sender{[&] {
    send_text(socket->get(), text);
    ::shutdown(socket->get(), SHUT_WR);
  }};
  CHECK((receive(socket->get()) == text));
  CHECK(proxy.counts().connections == 1);
}

TEST_CASE("a proxy does to the next connections what it was asked, and no more") {
  Server server{echo};
  FaultyProxy proxy{server.port()};
  SECTION("refuse") {
    proxy.next({Damage::refuse}, 2);
    for (int i = 0; i < 2; ++i) {
      const auto socket = connect_to_loopback(proxy.port());
      CHECK(receive(socket->get()) == "RST");
    }
    CHECK(proxy.counts().refused == 2);
  }
  SECTION("cut the answer") {
    proxy.next({Damage::cut, Direction::answer, 4});
    CHECK(exchanged(proxy, "0123456789") == "0123");
    CHECK(proxy.counts().cut == 1);
  }
  SECTION("cut the request") {
    proxy.next({Damage::cut, Direction::request, 4});
    const auto socket = connect_to_loopback(proxy.port());
    send_text(socket->get(), "0123");
    CHECK(receive(socket->get()).size() <= 4);
    CHECK(proxy.counts().cut == 1);
  }
  SECTION("reset") {
    proxy.next({Damage::reset, Direction::answer, 4});
    CHECK_THAT(exchanged(proxy, "0123456789"), Catch::EndsWith("RST"));
    CHECK(proxy.counts().reset == 1);
  }
  SECTION("flip a byte") {
    proxy.next({Damage::flip, Direction::answer, 2});
    CHECK(exchanged(proxy, "aaaaa") == std::string{"aa"} + static_cast<char>(~'a') + "aa");
    CHECK(proxy.counts().flipped == 1);
  }
  CHECK(exchanged(proxy, "whole") == "whole");
}

TEST_CASE("a stalled connection stays open and passes nothing") {
  Server server{echo};
  FaultyProxy proxy{server.port()};
  proxy.next({Damage::stall, Direction::answer, 4});
  const auto socket = connect_to_loopback(proxy.port());
  send_text(socket->get(), "0123456789");
  CHECK(receive(socket->get(), 4) == "0123");
  CHECK(wait_until([&] { return proxy.counts().stalled == 1; }));
  pollfd readable{socket->get(), POLLIN, 0};
  CHECK(::poll(&readable, 1, 20) == 0);
}

TEST_CASE("a fault can come upon a running connection") {
  Server server{echo};
  FaultyProxy proxy{server.port()};
  const auto socket = connect_to_loopback(proxy.port());
  send_text(socket->get(), "0123");
  REQUIRE(receive(socket->get(), 4) == "0123");
  SECTION("at once") {
    proxy.running({Damage::reset});
    CHECK(receive(socket->get()) == "RST");
    CHECK(proxy.counts().reset == 1);
  }
  SECTION("after some more bytes") {
    proxy.running({Damage::cut, Direction::answer, 3});
    send_text(socket->get(), "4567");
    CHECK(receive(socket->get()) == "456");
    CHECK(proxy.counts().cut == 1);
  }
}

TEST_CASE("a port that does not listen refuses, and listens again") {
  Server server{echo};
  FaultyProxy proxy{server.port()};
  proxy.stop_listening();
  CHECK(exchanged(proxy, "x") == "refused");
  proxy.listen_again();
  CHECK(exchanged(proxy, "x") == "x");
}

namespace {

/// Answers each request with its body, and remembers the bodies.
class HttpServer {
 public:
  std::uint16_t port() const { return m_server.port(); }
  int requests() const { return m_requests; }

 private:
  void serve(int socket) {
    for (;;) {
      std::string head;
      while (!head.ends_with("\r\n\r\n")) {
        const std::string byte = receive(socket, 1);
        if (byte.size() != 1) return;
        head += byte;
      }
      std::size_t length = 0;
      if (const auto at = head.find("Content-Length: "); at != head.npos) {
        length = std::stoul(head.substr(at + 16));
      }
      if (head.find("Expect: 100-continue") != head.npos) {
        send_text(socket, "HTTP/1.1 100 Continue\r\n\r\n");
      }
      const std::string body = receive(socket, length);
      ++m_requests;
      send_text(socket,
                "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(length) + "\r\n\r\n" + body);
    }
  }

  std::atomic<int> m_requests = 0;
  Server m_server{[this](int socket) { serve(socket); }};
};

std::string put(std::string_view name, std::string_view body, std::string_view more = {}) {
  return "PUT /" + std::string{name} +
         " HTTP/1.1\r\nContent-Length: " + std::to_string(body.size()) + "\r\n" +
         std::string{more} + "\r\n" + std::string{body};
}

constexpr std::string_view unavailable =
    "HTTP/1.1 503 Slow Down\r\nRetry-After: 1\r\nContent-Length: 0\r\n\r\n";

}  // namespace

TEST_CASE("picked HTTP requests get a canned answer and do not reach the target") {
  HttpServer server;
  FaultyProxy proxy{server.port(), FaultyProxy::Protocol::http};
  proxy.answer("/b HTTP", std::string{unavailable}, 2);
  {
    const auto socket = connect_to_loopback(proxy.port());
    const auto check_answer = [&](const std::string& request, std::string_view answer) {
      send_text(socket->get(), request);
      CHECK(receive(socket->get(), answer.size()) == answer);
    };
    check_answer(put("a", "one"), "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\none");
    check_answer(put("b", "two"), unavailable);
    check_answer(put("a", "three"), "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nthree");
  }
  CHECK(exchanged(proxy, put("b", "x", "expect: 100-Continue\r\n")) ==
        "HTTP/1.1 100 Continue\r\n\r\n" + std::string{unavailable});
  CHECK(proxy.counts().answered == 2);
  CHECK(server.requests() == 2);
  CHECK_THAT(exchanged(proxy, put("b", "passes again")), Catch::EndsWith("passes again"));
  CHECK(proxy.requests() == std::vector<std::string>{"PUT /a HTTP/1.1", "PUT /b HTTP/1.1",
                                                     "PUT /a HTTP/1.1", "PUT /b HTTP/1.1",
                                                     "PUT /b HTTP/1.1"});
}

TEST_CASE("a lost answer is one to a request that was carried out") {
  HttpServer server;
  FaultyProxy proxy{server.port(), FaultyProxy::Protocol::http};
  proxy.lose_answer("PUT");
  CHECK(exchanged(proxy, put("a", noise(300'000), "Expect: 100-continue\r\n")) ==
        "HTTP/1.1 100 Continue\r\n\r\n");
  CHECK(proxy.counts().lost_answers == 1);
  CHECK(server.requests() == 1);
  CHECK_THAT(exchanged(proxy, put("a", "again")), Catch::EndsWith("again"));
}
