#include "wal/pushing.hpp"

#include <algorithm>
#include <chrono>
#include <future>
#include <memory>
#include <thread>

#include <fmt/format.h>

#include "run/keys.hpp"
#include "run/state.hpp"
#include "util/host.hpp"
#include "util/text.hpp"
#include "util/version.hpp"
#include "wal/acknowledgements.hpp"
#include "wal/archive_store.hpp"
#include "wal/outages.hpp"
#include "wal/push_ahead.hpp"
#include "wal/putting.hpp"
#include "wal/required_store.hpp"

namespace bkp::wal {

using util::Error;
using util::ErrorKind;

namespace {

constexpr std::chrono::seconds optional_grace{5};
constexpr std::chrono::milliseconds delivery_look{20};
constexpr std::size_t memory_for_all = std::size_t{96} << 20U;
constexpr std::size_t memory_for_one = std::size_t{16} << 20U;

/// One file on its way to all stores.
struct Parcel {
  explicit Parcel(const std::filesystem::path& path) : file{path} {}

  SourceFile file;
  PushedFile result;
  std::promise<std::shared_ptr<const EncodedFile>> encoding;
  std::shared_future<std::shared_ptr<const EncodedFile>> encoded = encoding.get_future().share();
  std::vector<std::future<PushedCopy>> deliveries;
};

class Push {
 public:
  explicit Push(run::Context& context)
      : m_context{context},
        m_state{run::state_directory(context.config, "wal")},
        m_acknowledgements{m_state / "pushed"},
        m_histories{m_state / "histories"},
        m_outages{m_state, context.clock} {
    for (const auto& store : context.config.stores) {
      const bool required = is_required(context.config, store.name);
      // Asked once, so that all files of this run are treated alike.
      const bool passed_over = !required && m_outages.recent(store.name);
      m_stores.push_back(std::make_unique<ArchiveStore>(context, store, required, passed_over));
    }
  }
  Push(const Push&) = delete;
  Push& operator=(const Push&) = delete;
  ~Push() { give_up_on_optional(); }

  /// What the server asks for, and what waits behind it.
  std::vector<PushedFile> run(const std::filesystem::path& path) {
    m_parcels.push_back(std::make_unique<Parcel>(path));
    auto& asked = *m_parcels.front();
    asked.result.name = asked.file.name();
    if (is_noted(asked.file)) return noted(asked);
    const PushAhead ahead{m_context};
    ahead.wait_for(asked.file);
    if (is_noted(asked.file)) return noted(asked);
    asked.file.require_finished(m_context.config);
    m_cluster = source_cluster(asked.file, m_context.config);
    asked.file.require_sound(m_cluster);
    add_history();
    add(waiting_after(asked.file.path(), static_cast<std::size_t>(m_context.config.wal.push_jobs)));
    push();
    acknowledge(1);
    auto& failure = asked.result.failure;
    if (m_history != nullptr && !failure) failure = m_history->result.failure;
    if (!failure) ahead.start_after(m_parcels.back()->file.path());
    return take_results();
  }

  /// What the server has not asked for yet.
  std::vector<PushedFile> run_unasked(const std::vector<std::filesystem::path>& files) {
    m_cluster = source_cluster(SourceFile{files.front()}, m_context.config);
    add(files);
    if (m_parcels.empty()) return {};
    add_history();
    push();
    acknowledge(0);
    return take_results();
  }

 private:
  std::vector<std::string> required_places() const {
    std::vector<std::string> places;
    for (const auto& store : m_stores) {
      if (store->required()) places.push_back(store->url());
    }
    return places;
  }

  /// The note is gone then.
  bool is_noted(const SourceFile& file) const {
    return m_acknowledgements.take(file, required_places());
  }

  std::vector<PushedFile> noted(Parcel& parcel) {
    parcel.result.noted = true;
    return take_results();
  }

  void push() {
    prepare_encoding();
    for (auto& parcel : m_parcels) start(*parcel);
    wait_for_required();
    wait_for_optional();
    for (auto& parcel : m_parcels) settle(*parcel);
  }

  /// Without the history of its timeline a segment is of no use to a recovery. A server that was
  /// promoted before it archived never asks for it. Once it is archived a note says so.
  void add_history() {
    const auto timeline =
        pg::parse_wal_name(m_parcels.front()->file.name(), pg::smallest_wal_segment)->timeline;
    const auto path = m_parcels.front()->file.path().parent_path() / pg::wal_history_name(timeline);
    std::error_code unknown;
    if (timeline == 1 || m_parcels.front()->file.kind() == pg::WalFileKind::history ||
        !std::filesystem::exists(path, unknown)) {
      return;
    }
    auto parcel = std::make_unique<Parcel>(path);
    parcel->result.name = parcel->file.name();
    if (m_histories.holds(parcel->file, required_places())) return;
    parcel->file.require_sound(m_cluster);
    m_history = parcel.get();
    m_parcels.push_back(std::move(parcel));
  }

  /// Files that nobody asked for: one that is not sound is left for when the server asks.
  void add(const std::vector<std::filesystem::path>& files) {
    for (const auto& path : files) {
      try {
        auto parcel = std::make_unique<Parcel>(path);
        parcel->result.name = parcel->file.name();
        if (m_acknowledgements.holds(parcel->file, required_places())) continue;
        parcel->file.require_sound(m_cluster);
        m_parcels.push_back(std::move(parcel));
      } catch (const Error& error) {
        m_context.log.debug("not taken along: {}", error.full_message());
      }
    }
  }

  void prepare_encoding() {
    const auto& config = m_context.config;
    const auto cores = static_cast<int>(std::max(1U, std::thread::hardware_concurrency()));
    const auto files = static_cast<int>(m_parcels.size());
    const int threads = config.compression.threads > 0 ? config.compression.threads : cores;
    m_encoding.level = std::max(1, config.compression.level);
    m_encoding.threads = std::max(1, threads / files);
    m_encoding.recipients = run::recipients(config);
    m_encoding.signing_key = run::signing_key(config);
    m_encoding.in_memory = std::min(memory_for_one, memory_for_all / m_parcels.size());
    m_encoding.scratch = m_state;
  }

  void start(Parcel& parcel) {
    m_threads.emplace_back([this, &parcel] {
      try {
        parcel.encoding.set_value(std::make_shared<EncodedFile>(encode_file(parcel.file)));
      } catch (...) {
        parcel.encoding.set_exception(std::current_exception());
      }
    });
    for (auto& store : m_stores) {
      std::packaged_task<PushedCopy()> task{
          [this, &parcel, &store] { return deliver(parcel, *store); }};
      parcel.deliveries.push_back(task.get_future());
      m_threads.emplace_back(std::move(task));
    }
  }

  EncodedFile encode_file(const SourceFile& file) const {
    Description description;
    description.site = m_context.config.site;
    description.system_identifier = std::to_string(m_cluster.system_identifier);
    description.name = file.name();
    description.archived_at = m_context.clock.now();
    description.host = util::host_name();
    description.bkp_version = util::version();
    return encode(std::move(description), m_encoding,
                  [&](stream::Sink& sink) { file.write_to(sink, m_context.interrupt); });
  }

  PushedCopy deliver(Parcel& parcel, ArchiveStore& store) {
    PushedCopy copy;
    copy.store = store.name();
    copy.required = store.required();
    if (store.passed_over()) {
      copy.state = PushedCopy::State::passed_over;
      return copy;
    }
    std::shared_ptr<const EncodedFile> file;
    try {
      auto& opened = store.open(m_cluster);
      file = parcel.encoded.get();
      copy.state = put(opened, *file, m_encoding.sealing()) ? PushedCopy::State::stored
                                                            : PushedCopy::State::there;
      m_outages.end(store.name());
    } catch (...) {
      copy.error = util::current_error();
      // That the file could not be read, or is another, is not the store's fault.
      const bool opened = !store.failed();
      const bool at_fault = !opened || (file && copy.error->kind() != ErrorKind::damaged);
      if (!store.required() && at_fault) m_outages.begin(store.name());
    }
    return copy;
  }

  bool all_delivered() const {
    return std::ranges::all_of(m_parcels, [](const auto& parcel) {
      return std::ranges::all_of(parcel->deliveries, [](const auto& delivery) {
        return delivery.wait_for(std::chrono::seconds{0}) == std::future_status::ready;
      });
    });
  }

  void wait_for_required() {
    for (auto& parcel : m_parcels) {
      for (std::size_t i = 0; i < m_stores.size(); ++i) {
        if (!m_stores[i]->required()) continue;
        while (parcel->deliveries[i].wait_for(delivery_look) != std::future_status::ready)
          m_context.interrupt.check();
      }
    }
  }

  void wait_for_optional() {
    const auto until = m_context.clock.steady() + optional_grace;
    while (!all_delivered() && m_context.clock.steady() < until) {
      m_context.interrupt.check();
      std::this_thread::sleep_for(delivery_look);
    }
    give_up_on_optional();
  }

  void give_up_on_optional() noexcept {
    for (auto& store : m_stores) {
      if (!store->required()) store->give_up();
    }
  }

  /// Takes together what the threads have found.
  static void settle(Parcel& parcel) {
    auto& result = parcel.result;
    for (auto& delivery : parcel.deliveries) {
      auto& copy = result.copies.emplace_back(delivery.get());
      if (!copy.error || !copy.required) continue;
      // What is damaged will be so the next time too, and is what must be looked at.
      if (!result.failure || copy.error->kind() == ErrorKind::damaged) {
        result.failure = *copy.error;
        result.failure->add_context(
            fmt::format("archiving {} on store {}", result.name, util::quoted(copy.store)));
      }
    }
    try {
      const auto file = parcel.encoded.get();
      result.original_bytes = file->description().original_bytes;
      result.stored_bytes = file->bytes();
    } catch (...) {
      result.failure = util::current_error();
    }
  }

  /// Notes what the server will ask for yet.
  void acknowledge(std::size_t first) {
    for (std::size_t i = first; i < m_parcels.size(); ++i) {
      const auto& parcel = *m_parcels[i];
      if (parcel.result.failure) continue;
      std::vector<std::string> places;
      for (std::size_t store = 0; store < m_stores.size(); ++store) {
        const auto state = parcel.result.copies[store].state;
        if (state == PushedCopy::State::stored || state == PushedCopy::State::there)
          places.push_back(m_stores[store]->url());
      }
      (&parcel == m_history ? m_histories : m_acknowledgements).add(parcel.file, places);
    }
  }

  std::vector<PushedFile> take_results() {
    std::vector<PushedFile> results;
    for (auto& parcel : m_parcels) results.push_back(std::move(parcel->result));
    return results;
  }

  run::Context& m_context;
  std::filesystem::path m_state;
  Acknowledgements m_acknowledgements;
  Acknowledgements m_histories;
  Outages m_outages;
  SourceCluster m_cluster;
  Encoding m_encoding;
  std::vector<std::unique_ptr<ArchiveStore>> m_stores;
  std::vector<std::unique_ptr<Parcel>> m_parcels;
  const Parcel* m_history = nullptr;    ///< among them: of the timeline of the one asked for
  std::vector<std::jthread> m_threads;  // joined first
};

}  // namespace

std::string_view to_text(PushedCopy::State state) {
  switch (state) {
    case PushedCopy::State::stored:
      return "stored";
    case PushedCopy::State::there:
      return "there";
    case PushedCopy::State::failed:
      return "failed";
    case PushedCopy::State::passed_over:
      return "passed over";
  }
  return "";
}

std::vector<PushedFile> push(run::Context& context, const std::filesystem::path& path) {
  return Push{context}.run(path);
}

std::vector<PushedFile> push_unasked(run::Context& context,
                                     const std::vector<std::filesystem::path>& files) {
  return Push{context}.run_unasked(files);
}

}  // namespace bkp::wal
