#pragma once

#include <memory>
#include <string>

#include "store/s3_store.hpp"
#include "support/ceph_server.hpp"
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
  store::S3Patience patience{{4, std::chrono::milliseconds{1}, std::chrono::milliseconds{20}},
                             std::chrono::seconds{1}};
  store::Place place;

  explicit S3Bench(const std::string& bucket = ceph().make_bucket()) {
    place.url = "s3://" + bucket + "/some/prefix";
    place.s3.endpoint = ceph().endpoint();
  }

  /// Behind another port of this machine, e.g. that of a proxy.
  void behind(std::uint16_t port) {
    place.s3.endpoint = "http://127.0.0.1:" + std::to_string(port);
  }

  std::unique_ptr<store::Store> open(const util::Clock& other_clock) {
    return std::make_unique<store::S3Store>(place, store::Seams{environment, programs, interrupt},
                                            other_clock, patience);
  }
  std::unique_ptr<store::Store> open() { return open(clock); }
};

}  // namespace bkp::test
