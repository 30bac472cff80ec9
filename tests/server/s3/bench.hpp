#pragma once

#include <catch2/catch.hpp>
#include <memory>
#include <string>
#include <vector>

#include "s3/store.hpp"
#include "support/ceph_server.hpp"
#include "support/faulty_proxy.hpp"
#include "support/http_answers.hpp"
#include "support/no_programs.hpp"
#include "util/clock.hpp"

namespace bkp::test {

/// What a store in a bucket of ceph() needs around it. Its stores try again at once, and not often.
struct S3Bench {
  util::Environment environment{{{"AWS_ACCESS_KEY_ID", CephServer::access_key},
                                 {"AWS_SECRET_ACCESS_KEY", CephServer::secret_key}}};
  NoPrograms programs;
  util::Interrupt interrupt;
  util::SystemClock clock;
  s3::Patience patience{{4, std::chrono::milliseconds{1}, std::chrono::milliseconds{20}},
                        std::chrono::seconds{1}};
  std::string bucket;
  std::string url;
  s3::Options options;

  explicit S3Bench(std::string in = ceph().make_bucket()) : bucket{std::move(in)} {
    url = "s3://" + bucket + "/some/prefix";
    options.endpoint = ceph().endpoint();
  }

  /// Behind another port of this machine, e.g. that of a proxy.
  void behind(std::uint16_t port) { options.endpoint = "http://127.0.0.1:" + std::to_string(port); }

  std::unique_ptr<store::Store> open(const util::Clock& other_clock) {
    return std::make_unique<s3::Store>(url, options, store::Seams{environment, programs, interrupt},
                                       other_clock, patience);
  }
  std::unique_ptr<store::Store> open() { return open(clock); }

  // What the server itself says, asked for by other means.

  CephServer::Answer ask(const std::string& method, const std::string& target,
                         const std::vector<std::string>& headers = {},
                         const std::string& body = {}) const {
    return ceph().request(method, "/" + bucket + target, headers, body);
  }
  /// The bytes of an object of the store.
  std::string raw(const std::string& key) const { return ask("GET", "/some/prefix/" + key).body; }
  bool has_uploads() const { return listed("?uploads=").find("<Upload>") != std::string::npos; }
  bool has_objects() const {
    return listed("?list-type=2").find("<Contents>") != std::string::npos;
  }
  std::string listed(const std::string& query) const {
    const auto answer = ask("GET", query);
    REQUIRE(answer.status == 200);
    return answer.body;
  }
};

/// A bench whose requests go through a proxy that breaks them.
struct ProxiedBench : S3Bench {
  FaultyProxy proxy{ceph().port(), FaultyProxy::Protocol::http};
  ProxiedBench() { behind(proxy.port()); }

  /// How many requests had `text` in their first line.
  int requests(std::string_view text) const {
    int count = 0;
    for (const auto& line : proxy.requests()) count += line.find(text) != std::string::npos;
    return count;
  }
};

}  // namespace bkp::test
