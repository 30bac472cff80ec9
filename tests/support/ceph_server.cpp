#include "support/ceph_server.hpp"

#include <curl/curl.h>

#include <algorithm>
#include <memory>
#include <stdexcept>
#include <utility>

#include "support/loopback.hpp"
#include "support/wait_until.hpp"
#include "util/rng.hpp"

namespace bkp::test {

namespace {

namespace fs = std::filesystem;

/// Ceph takes no 0 for one.
std::uint16_t free_port() {
  return port_of(listen_on_loopback());
}

std::size_t collect(char* data, std::size_t size, std::size_t count, void* text) {
  static_cast<std::string*>(text)->append(data, size * count);
  return size * count;
}

}  // namespace

CephServer::CephServer()
    : m_port{free_port()}, m_tls_port{free_port()}, m_fsid{util::random_uuid()} {
  m_monitor = "v2:127.0.0.1:" + std::to_string(free_port());
  for (const char* name : {"mon", "osd", "rgw", "run", "log"})
    fs::create_directory(m_directory / name);
  write_settings();
  make_certificate();
  try {
    start_monitor();
    start_osd();
    start_gateway();
  } catch (const std::exception& error) {
    throw std::runtime_error{std::string{error.what()} + "\n" + logs()};
  }
}

std::string CephServer::endpoint() const {
  return "http://127.0.0.1:" + std::to_string(m_port);
}

void CephServer::write_settings() const {
  const std::string directory = m_directory.path();
  // No authentication, one copy, nothing on disk but the monitor's database; and a monitor that
  // does not gather changes for a second, as it would for a thousand OSDs.
  write_text(m_directory / "ceph.conf", R"(
[global]
fsid = )" + m_fsid + R"(
mon host = [)" + m_monitor + R"(/0]
public addr = 127.0.0.1
public network = 127.0.0.0/8
ms bind ipv6 = false
ms bind msgr1 = false
ms mon client mode = crc
auth cluster required = none
auth service required = none
auth client required = none
run dir = )" + directory + R"(/run
admin socket = )" + directory + R"(/run/$name.$pid.asok
log file = )" + directory + R"(/log/$name
osd pool default size = 1
osd pool default min size = 1
osd pool default pg num = 8
osd pool default pgp num = 8
osd crush chooseleaf type = 0
mon allow pool size one = true
mon max pg per osd = 1000
mon data avail crit = 1
paxos propose interval = 0.02
paxos min wait = 0.01
mon data = )" + directory + R"(/mon
osd data = )" + directory + R"(/osd
osd objectstore = memstore
memstore device bytes = 4294967296
[client.rgw]
rgw dns name = localhost
rgw data = )" + directory + R"(/rgw
rgw frontends = beast endpoint=127.0.0.1:)" +
                                            std::to_string(m_port) +
                                            " tcp_nodelay=1 ssl_endpoint=127.0.0.1:" +
                                            std::to_string(m_tls_port) +
                                            " ssl_certificate=" + certificate().string() + "\n");
}

/// The certificate, and the key behind it.
void CephServer::make_certificate() const {
  const std::string key = m_directory / "key.pem";
  output_of(
      Program{{"openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
               "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", key, "-out", certificate(),
               "-days", "2", "-subj", "/CN=bkp test", "-addext", "subjectAltName=IP:127.0.0.1"}});
  write_text(certificate(), read_text(certificate()) + read_text(key));
}

std::string CephServer::tls_endpoint() const {
  return "https://127.0.0.1:" + std::to_string(m_tls_port);
}

Program CephServer::program(std::vector<std::string> argv) const {
  const auto name = argv.front();
  return Program{std::move(argv)}
      .with_variable("CEPH_CONF", m_directory / "ceph.conf")
      .with_log(m_directory / "log" / (name + ".out"));
}

void CephServer::start_monitor() {
  const std::string map = m_directory / "monmap";
  output_of(program(
      {"monmaptool", "--create", "--fsid", m_fsid, "--addv", "a", "[" + m_monitor + "]", map}));
  output_of(program({"ceph-mon", "--mkfs", "-i", "a", "--monmap", map}));
  m_programs.push_back(program({"ceph-mon", "-i", "a", "-f"}).start());
}

void CephServer::start_osd() {
  const auto id = util::random_uuid();
  output_of(program({"ceph", "--connect-timeout", "30", "osd", "new", id, "0"}));
  write_text(m_directory / "osd/fsid", id + "\n");
  output_of(program({"ceph-osd", "-i", "0", "--mkfs", "--osd-uuid", id}));
  m_programs.push_back(program({"ceph-osd", "-i", "0", "-f"}).start());
}

void CephServer::start_gateway() {
  m_programs.push_back(program({"radosgw", "-n", "client.rgw", "-f"}).start());
  const bool up =
      wait_until([&] { return request("GET", "/").status != 0 || !m_programs.back().running(); },
                 std::chrono::minutes{1});
  if (!up || !m_programs.back().running()) throw std::runtime_error{"radosgw does not start"};
  output_of(program({"radosgw-admin", "-n", "client.rgw", "user", "create", "--uid=bkp",
                     "--display-name=bkp", std::string{"--access-key="} + access_key,
                     std::string{"--secret-key="} + secret_key}));
}

std::string CephServer::logs() const {
  std::string text;
  for (const auto& entry : fs::directory_iterator{m_directory / "log"}) {
    const auto log = read_text(entry.path());
    text += "--- " + entry.path().filename().string() + "\n" +
            log.substr(log.size() - std::min<std::size_t>(log.size(), 4000)) + "\n";
  }
  return text;
}

CephServer::Answer CephServer::request(const std::string& method, const std::string& target,
                                       const std::vector<std::string>& headers,
                                       const std::string& body) const {
  const std::unique_ptr<CURL, void (*)(CURL*)> curl{curl_easy_init(), curl_easy_cleanup};
  const auto url = endpoint() + target;
  const auto user = std::string{access_key} + ":" + secret_key;
  curl_slist* list = nullptr;
  for (const auto& header : headers) list = curl_slist_append(list, header.c_str());
  list = curl_slist_append(list, "x-amz-content-sha256: UNSIGNED-PAYLOAD");
  list = curl_slist_append(list, "Content-Type: application/octet-stream");
  const std::unique_ptr<curl_slist, void (*)(curl_slist*)> owned{list, curl_slist_free_all};
  Answer answer;
  curl_easy_setopt(curl.get(), CURLOPT_URL, url.c_str());
  curl_easy_setopt(curl.get(), CURLOPT_CUSTOMREQUEST, method.c_str());
  curl_easy_setopt(curl.get(), CURLOPT_PROXY, "");
  curl_easy_setopt(curl.get(), CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(curl.get(), CURLOPT_AWS_SIGV4, "aws:amz:us-east-1:s3");
  curl_easy_setopt(curl.get(), CURLOPT_USERPWD, user.c_str());
  curl_easy_setopt(curl.get(), CURLOPT_HTTPHEADER, list);
  if (method == "PUT" || method == "POST") {
    curl_easy_setopt(curl.get(), CURLOPT_POSTFIELDSIZE, static_cast<long>(body.size()));
    curl_easy_setopt(curl.get(), CURLOPT_POSTFIELDS, body.c_str());
  }
  if (method == "HEAD") curl_easy_setopt(curl.get(), CURLOPT_NOBODY, 1L);
  curl_easy_setopt(curl.get(), CURLOPT_WRITEFUNCTION, collect);
  curl_easy_setopt(curl.get(), CURLOPT_WRITEDATA, &answer.body);
  curl_easy_setopt(curl.get(), CURLOPT_HEADERFUNCTION, collect);
  curl_easy_setopt(curl.get(), CURLOPT_HEADERDATA, &answer.head);
  if (curl_easy_perform(curl.get()) == CURLE_OK)
    curl_easy_getinfo(curl.get(), CURLINFO_RESPONSE_CODE, &answer.status);
  return answer;
}

std::string CephServer::make_bucket(const std::vector<std::string>& headers) {
  auto name = "bucket-" + std::to_string(++m_buckets);
  const auto answer = request("PUT", "/" + name, headers);
  if (answer.status != 200)
    throw std::runtime_error{"no bucket: " + std::to_string(answer.status) + " " + answer.body};
  return name;
}

void CephServer::set_quota(const std::string& bucket, std::uint64_t bytes) const {
  const auto administer = [&](std::vector<std::string> arguments) {
    std::vector<std::string> argv{"radosgw-admin", "-n",   "client.rgw",          "quota",
                                  "--bucket",      bucket, "--quota-scope=bucket"};
    argv.insert(argv.end(), arguments.begin(), arguments.end());
    output_of(program(std::move(argv)));
  };
  if (bytes == 0) return administer({"disable"});
  administer({"set", "--max-size=" + std::to_string(bytes)});
  administer({"enable"});
}

void CephServer::free_removed() const {
  output_of(program({"radosgw-admin", "-n", "client.rgw", "gc", "process", "--include-all"}));
}

CephServer& ceph() {
  static CephServer server;
  return server;
}

}  // namespace bkp::test
