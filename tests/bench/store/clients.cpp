#include "bench/store/clients.hpp"

#include <fmt/format.h>

#include "bench/support/bench.hpp"
#include "support/temporary_directory.hpp"

namespace bkp::bench {

namespace {

using std::filesystem::path;
using test::CephServer;

test::Program with_credentials(std::vector<std::string> argv) {
  return test::Program{std::move(argv)}
      .with_variable("AWS_ACCESS_KEY_ID", CephServer::access_key)
      .with_variable("AWS_SECRET_ACCESS_KEY", CephServer::secret_key)
      .with_variable("AWS_DEFAULT_REGION", "us-east-1")
      .with_timeout(std::chrono::hours{1});
}

std::string url(const std::string& bucket, const std::string& key) {
  return "s3://" + bucket + "/" + key;
}

// By their paths: others of the same names may be installed, of other versions.

Client aws(const CephServer& server, const std::string& bucket) {
  const auto copy = [endpoint = server.endpoint()](const std::string& from, const std::string& to) {
    return with_credentials(
        {"/usr/bin/aws", "s3", "cp", "--only-show-errors", "--endpoint-url", endpoint, from, to});
  };
  return {"aws s3 cp",
          [=](const path& file, const std::string& key) { return copy(file, url(bucket, key)); },
          [=](const std::string& key, const path& file) { return copy(url(bucket, key), file); }};
}

Client s3cmd(const CephServer& server, const std::string& bucket, const path& directory) {
  const auto settings = directory / "s3cfg";
  const auto host = fmt::format("127.0.0.1:{}", server.port());
  test::write_text(settings,
                   fmt::format("[default]\naccess_key = {}\nsecret_key = {}\n"
                               "host_base = {}\nhost_bucket = {}\nuse_https = False\n",
                               CephServer::access_key, CephServer::secret_key, host, host));
  const auto run = [settings](const char* verb, const std::string& from, const std::string& to) {
    return test::Program{{"/usr/bin/s3cmd", "--config", settings, "--no-progress", verb, from, to}}
        .with_timeout(std::chrono::hours{1});
  };
  return {
      "s3cmd",
      [=](const path& file, const std::string& key) { return run("put", file, url(bucket, key)); },
      [=](const std::string& key, const path& file) { return run("get", url(bucket, key), file); }};
}

Client rclone(const CephServer& server, const std::string& bucket) {
  const auto copy = [endpoint = server.endpoint()](const std::string& from, const std::string& to) {
    return test::Program{{"/usr/bin/rclone", "--config", "", "copyto", from, to}}
        .with_variable("RCLONE_CONFIG_CEPH_TYPE", "s3")
        .with_variable("RCLONE_CONFIG_CEPH_PROVIDER", "Ceph")
        .with_variable("RCLONE_CONFIG_CEPH_ENDPOINT", endpoint)
        .with_variable("RCLONE_CONFIG_CEPH_ACCESS_KEY_ID", CephServer::access_key)
        .with_variable("RCLONE_CONFIG_CEPH_SECRET_ACCESS_KEY", CephServer::secret_key)
        .with_timeout(std::chrono::hours{1});
  };
  const auto remote = [bucket](const std::string& key) { return "ceph:" + bucket + "/" + key; };
  return {"rclone copy",
          [=](const path& file, const std::string& key) { return copy(file, remote(key)); },
          [=](const std::string& key, const path& file) { return copy(remote(key), file); }};
}

}  // namespace

Client bkp_client(const CephServer& server, const std::string& bucket, int parallel) {
  const std::vector<std::string> place{server.endpoint(), bucket, std::to_string(parallel)};
  const auto job = [place](const char* name, const std::string& from, const std::string& to) {
    std::vector<std::string> arguments{name};
    arguments.insert(arguments.end(), place.begin(), place.end());
    arguments.insert(arguments.end(), {from, to});
    return with_credentials(own_job(std::move(arguments)));
  };
  return {fmt::format("bkp, {} parts at once", parallel),
          [=](const path& file, const std::string& key) { return job("upload", file, key); },
          [=](const std::string& key, const path& file) { return job("download", key, file); }};
}

std::vector<Client> peers(const CephServer& server, const std::string& bucket,
                          const path& directory) {
  return {aws(server, bucket), s3cmd(server, bucket, directory), rclone(server, bucket)};
}

}  // namespace bkp::bench
