#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "support/ceph_server.hpp"

namespace bkp::bench {

/// A program that brings a file to a bucket and back.
struct Client {
  std::string name;
  std::function<test::Program(const std::filesystem::path& file, const std::string& key)> upload;
  std::function<test::Program(const std::string& key, const std::filesystem::path& file)> download;
};

/// bkp's store with so many parts at once.
Client bkp_client(const test::CephServer& server, const std::string& bucket, int parallel);

/// Debian's aws, s3cmd and rclone, with what they do unless told otherwise. `directory` is for
/// their settings.
std::vector<Client> peers(const test::CephServer& server, const std::string& bucket,
                          const std::filesystem::path& directory);

}  // namespace bkp::bench
