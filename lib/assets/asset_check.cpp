#include "assets/asset_check.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <span>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "assets/asset_list.hpp"
#include "catalog/catalog.hpp"
#include "util/text.hpp"

namespace bkp::assets {

using catalog::AssetCheck;
using util::Error;
using util::ErrorKind;

namespace {

constexpr std::size_t checks_at_once = 500;

/// What the catalog knows of an asset.
struct Known {
  std::string sha256;  ///< that was expected
  bool fault = false;
  bool was_read = false;
  util::Time checked_at;
};

class Check {
 public:
  Check(run::Context& context, const config::AssetSection& section, const CheckRequest& request)
      : m_context{context}, m_section{section}, m_request{request} {
    m_result.name = section.name;
  }

  SectionCheck run() {
    try {
      m_root.emplace(m_section.root);
      ask_catalog();
      m_began = m_context.clock.now();
      auto list = list_assets(m_context, m_section);
      m_assets = std::move(list.assets);
      m_result.notes = std::move(list.notes);
      m_result.unusable = list.unusable;
      m_result.listed = m_assets.size();
      require_some();
      drop_what_is_gone();
      m_known.resize(m_assets.size());
      look();
      save(0);  // no batch has a file twice
      read();
      save(0);
    } catch (const Error& error) {
      save(0);
      if (error.kind() == ErrorKind::interrupted) throw;
      m_result.error = error;
    }
    sum_up();
    return std::move(m_result);
  }

 private:
  void ask_catalog() {
    try {
      auto catalog = m_context.open_catalog();
      for (auto& check : catalog.asset_checks(m_section.name)) {
        m_before.emplace(std::move(check.path),
                         Known{check.expected_sha256, check.state != to_text(AssetState::ok),
                               !check.actual_sha256.empty(), check.checked_at});
      }
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::database) throw;
      m_has_catalog = false;
      m_context.warn_of_outage(error,
                               "what was read when is not known, and the share of the day is read");
    }
  }

  /// A table that was emptied by mistake must not pass for a night on which all was well.
  void require_some() {
    if (!m_assets.empty()) return;
    if (!m_before.empty()) {
      throw Error{
          ErrorKind::damaged,
          fmt::format("the query of {} gives no file, and {} were known",
                      util::quoted(m_section.name), m_before.size()),
          "see what has become of the rows; if it is as it should be, take the entry out of "
          "`assets`, and the next run forgets them"};
    }
    m_result.notes.emplace_back("the query gives no file: nothing was checked");
  }

  void drop_what_is_gone() {
    std::vector<std::string> gone;
    for (const auto& [path, known] : m_before) {
      // The catalog has what is no valid text in another writing.
      const auto same = std::ranges::lower_bound(m_assets, path, {}, &Asset::path);
      if (same == m_assets.end() || same->path != path) gone.push_back(path);
    }
    for (const auto& path : gone) m_before.erase(path);
    for (std::size_t i = 0; i < gone.size() && !m_context.dry_run; i += checks_at_once) {
      const auto end = std::min(gone.size(), i + checks_at_once);
      m_context.recorder.drop_assets(
          m_section.name,
          std::vector<std::string>{gone.begin() + static_cast<std::ptrdiff_t>(i),
                                   gone.begin() + static_cast<std::ptrdiff_t>(end)});
    }
  }

  /// All of them, without reading: what is gone is found in one night.
  void look() {
    const run::ProgressStep step{m_context.progress, "looking for " + m_section.name, 0};
    for (std::size_t i = 0; i < m_assets.size(); ++i) {
      m_context.interrupt.check();
      const auto before = m_before.find(m_assets[i].path);
      const bool is_new = before == m_before.end() || before->second.sha256 != m_assets[i].sha256;
      if (before != m_before.end()) recall(i, before->second);
      const auto found = m_root->look_at(m_assets[i].path);
      if (m_assets[i].sha256.empty()) ++m_result.without_checksum;
      if (found.state != AssetState::ok) {
        note(i, found);
        m_known[i].fault = true;
      } else if (m_assets[i].sha256.empty()) {
        note(i, found);
      } else {
        // It is to be known before its turn comes; what is at fault is read in any case.
        if (is_new && m_has_catalog && !m_known[i].fault) note(i, found);
        m_there.push_back(i);
        m_sizes.push_back(found.bytes.value_or(0));
      }
      save(checks_at_once);
    }
    if (!m_assets.empty() && m_result.count(AssetState::missing) == m_assets.size()) {
      m_result.notes.push_back(
          fmt::format("nothing is there: is {} mounted?", util::quoted(m_section.root.string())));
    }
  }

  /// What was replaced, in the database too, has not been read.
  void recall(std::size_t i, const Known& before) {
    m_known[i] = before;
    if (before.sha256 != m_assets[i].sha256) m_known[i].was_read = false;
  }

  /// Places in m_there, of the files to be read.
  std::vector<std::size_t> night() const {
    std::vector<std::size_t> order(m_there.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    if (m_request.all) return order;
    const auto share = m_request.share.value_or(m_section.nightly);
    const auto wanted =
        std::min(order.size(),
                 static_cast<std::size_t>(std::ceil(share * static_cast<double>(order.size()))));
    if (!m_has_catalog) {
      const auto day = std::chrono::floor<std::chrono::days>(m_began).time_since_epoch().count();
      const auto first = order.empty() ? 0 : static_cast<std::size_t>(day) * wanted % order.size();
      std::rotate(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(first), order.end());
      order.resize(wanted);
      return order;
    }
    const auto rest = std::stable_partition(
        order.begin(), order.end(), [&](auto place) { return m_known[m_there[place]].fault; });
    std::ranges::stable_sort(rest, order.end(), {}, [&](auto place) {
      const auto& known = m_known[m_there[place]];
      return known.was_read ? known.checked_at : util::Time::min();
    });
    const auto at_fault = static_cast<std::size_t>(rest - order.begin());
    order.resize(std::min(order.size(), at_fault + wanted));
    return order;
  }

  void read() {
    auto places = night();
    // Neighbours in the list are neighbours on the disk, more often than not.
    std::ranges::sort(places);
    std::uint64_t bytes = 0;
    for (const auto place : places) bytes += m_sizes[place];
    const run::ProgressStep step{m_context.progress, "reading " + m_section.name, bytes};
    for (const auto place : places) {
      m_context.interrupt.check();
      const auto i = m_there[place];
      const auto found = m_root->read(m_assets[i].path, m_assets[i].sha256, m_context.interrupt);
      m_context.progress.advance(m_sizes[place]);
      if (found.changing || is_newer(found)) {
        ++m_changing;
        continue;
      }
      ++m_result.read;
      m_result.bytes += found.bytes.value_or(0);
      note(i, found);
      m_known[i] = {m_assets[i].sha256, found.state != AssetState::ok, !found.sha256.empty(),
                    m_context.clock.now()};
      save(checks_at_once);
    }
  }

  /// The database may have another checksum by now, when a file was replaced. A time to come says
  /// nothing, and would say it every night.
  bool is_newer(const FoundFile& found) const {
    return found.state == AssetState::corrupt && found.modified >= m_began &&
           found.modified <= m_context.clock.now();
  }

  void note(std::size_t i, const FoundFile& found) {
    AssetCheck check;
    check.path = m_assets[i].path;
    check.asset_id = m_assets[i].id;
    check.state = to_text(found.state);
    check.expected_sha256 = m_assets[i].sha256;
    check.actual_sha256 = found.sha256;
    if (found.bytes) check.size_bytes = static_cast<std::int64_t>(*found.bytes);
    check.error_message = found.error;
    check.checked_at = m_context.clock.now();
    if (found.state != AssetState::ok) m_result.faults.push_back(check);
    m_unsaved.push_back(std::move(check));
  }

  /// When there are so many.
  void save(std::size_t at_least) {
    if (m_unsaved.empty() || m_unsaved.size() < at_least) return;
    const std::span<const AssetCheck> all{m_unsaved};
    for (std::size_t i = 0; i < all.size() && !m_context.dry_run; i += checks_at_once) {
      m_context.recorder.save_asset_checks(
          m_section.name, all.subspan(i, std::min(checks_at_once, all.size() - i)));
    }
    m_unsaved.clear();
  }

  void sum_up() {
    std::ranges::sort(m_result.faults, {}, &AssetCheck::path);
    if (m_changing > 0)
      m_result.notes.push_back(
          fmt::format("{} were written to meanwhile: they are for the next run", m_changing));
    if (m_result.without_checksum > 0) {
      m_result.notes.push_back(
          fmt::format("{} have no checksum in the database: only that they are there is known",
                      m_result.without_checksum));
    }
    if (!m_has_catalog) return;
    for (const auto i : m_there) {
      if (i >= m_known.size()) return;
      const auto& known = m_known[i];
      if (!known.was_read) ++m_result.never_read;
      if (known.was_read && (!m_result.oldest || known.checked_at < *m_result.oldest))
        m_result.oldest = known.checked_at;
    }
  }

  run::Context& m_context;
  const config::AssetSection& m_section;
  const CheckRequest& m_request;
  SectionCheck m_result;
  std::optional<AssetRoot> m_root;
  bool m_has_catalog = true;
  util::Time m_began;
  std::map<std::string, Known, std::less<>> m_before;  ///< by path
  std::vector<Asset> m_assets;
  std::vector<Known> m_known;          ///< of each of them
  std::vector<std::size_t> m_there;    ///< those that can be read and compared
  std::vector<std::uint64_t> m_sizes;  ///< bytes of these
  std::uint64_t m_changing = 0;
  std::vector<AssetCheck> m_unsaved;
};

}  // namespace

std::uint64_t SectionCheck::count(AssetState state) const {
  return static_cast<std::uint64_t>(std::ranges::count(faults, to_text(state), &AssetCheck::state));
}

SectionCheck check_assets(run::Context& context, const config::AssetSection& section,
                          const CheckRequest& request) {
  return Check{context, section, request}.run();
}

void forget_other_sections(run::Context& context) {
  if (context.dry_run || !context.recorder.online()) return;
  try {
    for (const auto& known : context.open_catalog().asset_counts()) {
      if (std::ranges::find(context.config.assets, known.section, &config::AssetSection::name) ==
          context.config.assets.end())
        context.recorder.drop_assets(known.section, std::nullopt);
    }
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::database) throw;
  }
}

}  // namespace bkp::assets
