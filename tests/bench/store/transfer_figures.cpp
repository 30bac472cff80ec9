#include "bench/store/transfer_figures.hpp"

#include <algorithm>
#include <cctype>
#include <stdexcept>

#include <fmt/format.h>

#include "bench/store/clients.hpp"
#include "bench/support/random_data.hpp"
#include "bench/support/report.hpp"
#include "bench/support/series.hpp"
#include "s3/options.hpp"
#include "util/units.hpp"

namespace bkp::bench {

namespace {

/// How many of the clients, from the first on, are bkp: with what it does unless told, and with
/// what its memory is judged by.
constexpr std::size_t own_clients = 2;

class TransferBench {
 public:
  TransferBench(std::uint64_t bytes, int runs) : m_bytes{bytes}, m_runs{runs} {
    m_clients = peers(m_server, m_bucket, m_directory.path());
    m_clients.insert(m_clients.begin(), {bkp_client(m_server, m_bucket, s3::Options{}.parallel),
                                         bkp_client(m_server, m_bucket, 8)});
    write_random_file(m_file, bytes);
  }

  void uploads() {
    print_title(fmt::format("upload of {}", util::format_size(m_bytes)));
    std::vector<Contender> contenders;
    for (const auto& client : m_clients)
      contenders.push_back({client.name, client.upload(m_file, "uploaded"), {}, [this] {
                              require_size(uploaded_size());
                              remove("uploaded");
                            }});
    conclude("upload", measure(contenders, m_runs));
  }

  void downloads() {
    print_title(fmt::format("download of {}", util::format_size(m_bytes)));
    test::output_of(m_clients.front().upload(m_file, "source"));
    const auto target = m_directory / "downloaded";
    std::vector<Contender> contenders;
    for (const auto& client : m_clients)
      contenders.push_back({client.name, client.download("source", target), {}, [this, target] {
                              require_size(std::filesystem::file_size(target));
                              std::filesystem::remove(target);
                            }});
    conclude("download", measure(contenders, m_runs));
    remove("source");
  }

 private:
  /// 0 where there is no object.
  std::uint64_t uploaded_size() const {
    constexpr std::string_view name = "content-length:";
    auto head = m_server.request("HEAD", "/" + m_bucket + "/uploaded").head;
    std::transform(head.begin(), head.end(), head.begin(),
                   [](unsigned char letter) { return static_cast<char>(std::tolower(letter)); });
    const auto at = head.find(name);
    return at == head.npos ? 0 : std::stoull(head.substr(at + name.size()));
  }

  void require_size(std::uint64_t bytes) const {
    if (bytes != m_bytes)
      throw std::runtime_error{fmt::format("{} bytes arrived of {}", bytes, m_bytes)};
  }

  void remove(const std::string& key) {
    m_server.request("DELETE", "/" + m_bucket + "/" + key);
    m_server.free_removed();
  }

  void conclude(std::string_view what, const std::vector<Figures>& figures) const {
    std::vector<Row> rows;
    for (const auto& one : figures) rows.push_back({one, 0, m_bytes});
    print_table(rows);
    const auto fastest = std::min_element(
        figures.begin() + own_clients, figures.end(),
        [](const Figures& a, const Figures& b) { return a.wall_seconds < b.wall_seconds; });
    for (std::size_t i = 0; i < own_clients; ++i)
      print_goal(fmt::format("time of {} by {} / {}", what, figures[i].name, fastest->name),
                 figures[i].wall_seconds / fastest->wall_seconds, 1.0);
    const auto& judged = figures[own_clients - 1];
    print_goal(fmt::format("memory of {} by {}", what, judged.name),
               static_cast<double>(judged.peak_memory) / (1 << 20), 150, " MiB");
  }

  std::uint64_t m_bytes;
  int m_runs;
  test::CephServer m_server;
  std::string m_bucket = m_server.make_bucket();
  test::TemporaryDirectory m_directory;
  std::filesystem::path m_file = m_directory / "data";
  std::vector<Client> m_clients;
};

}  // namespace

void transfer_figures(const Bench& bench) {
  if (!bench.wants("upload") && !bench.wants("download")) return;
  TransferBench transfers{bench.bytes(), bench.runs()};
  if (bench.wants("upload")) transfers.uploads();
  if (bench.wants("download")) transfers.downloads();
}

}  // namespace bkp::bench
