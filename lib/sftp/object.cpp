#include "sftp/object.hpp"

#include <utility>

#include "sftp/paths.hpp"
#include "util/rng.hpp"

namespace bkp::sftp {

namespace {

/// On the way at once: what OpenSSH's server lets a client send before it has read.
constexpr std::size_t most_waiting = std::size_t{2} << 20U;
/// Small pieces travel together.
constexpr std::size_t least_handed = std::size_t{256} << 10U;

/// On a disk that is full a server says no more than that it failed. False when it cannot be asked:
/// what was refused first is what counts.
bool is_full(Session& session, const std::string& directory) {
  constexpr std::uint64_t hardly_anything = std::uint64_t{64} << 10U;
  try {
    const auto space = session.space(directory.empty() ? "/" : directory);
    return space && space->available < hardly_anything;
  } catch (const Refusal&) {
    return false;
  } catch (const ConnectionLost&) {
    return false;
  }
}

}  // namespace

ObjectSink::ObjectSink(Pool& pool, std::string url, store::Key key)
    : m_pool{pool}, m_url{std::move(url)}, m_key{std::move(key)} {
  m_final = m_pool.address().path + "/" + m_key.text();
  m_directory = m_final.substr(0, m_final.rfind('/'));
  m_lease.emplace(open_temporary());
}

ObjectSink::~ObjectSink() {
  ObjectSink::abort();
}

/// Opens m_file and returns its session.
Pool::Lease ObjectSink::open_temporary() {
  return m_pool.run(operation(), [&](Pool::Lease& lease) {
    // A name for each attempt: the request of one that was given up may arrive late, and must not
    // find the file that is being written. What it leaves is found by remove_unfinished().
    m_temporary = m_directory + "/" + std::string{store::unfinished_prefix} + util::random_hex(8);
    // Somebody who removes the last object of a directory removes the directory too, and may do so
    // between our finding and our using it. From the temporary file on it is not empty any more.
    constexpr int most_attempts = 1000;
    for (int attempt = 1;; ++attempt) {
      try {
        m_file = lease->open(m_temporary, Session::Access::make);
        return std::move(lease);
      } catch (const Refusal& refusal) {
        if (!refusal.is_absence() || attempt == most_attempts) {
          if (is_full(*lease, m_pool.address().path)) throw operation().full();
          remove_empty_directories(*lease, m_pool.address().path, m_directory);
          throw;
        }
        make_directories(*lease, m_pool.address().path, m_directory, operation());
      }
    }
  });
}

template <class Body>
void ObjectSink::guarded(Body&& body) {
  try {
    body();
  } catch (const Refusal& refusal) {
    throw is_full(**m_lease, m_directory) ? operation().full() : operation().failed(refusal);
  } catch (const ConnectionLost& lost) {
    throw operation().failed(lost, 1);
  }
}

void ObjectSink::write(std::span<const std::byte> data) {
  m_size += data.size();
  while (!data.empty()) {
    const std::size_t room = most_waiting - (m_waiting.size() - m_confirmed);
    const auto piece = data.first(std::min(room, data.size()));
    m_waiting.insert(m_waiting.end(), piece.begin(), piece.end());
    data = data.subspan(piece.size());
    if (m_waiting.size() - m_confirmed - m_handed >= least_handed || piece.size() == room) {
      hand_over(most_waiting - least_handed);
    }
  }
}

/// Sends, and waits until no more than `most_left` bytes are unconfirmed.
void ObjectSink::hand_over(std::size_t most_left) {
  guarded([&] {
    do {
      const auto rest = std::span{std::as_const(m_waiting)}.subspan(m_confirmed);
      if (rest.empty()) break;
      m_confirmed += m_file->write(rest);
      m_handed = m_waiting.size() - m_confirmed;
    } while (m_waiting.size() - m_confirmed > most_left);
  });
  // Not each time: what is left has to be moved.
  if (m_confirmed < most_waiting / 2 && m_confirmed != m_waiting.size()) return;
  m_waiting.erase(m_waiting.begin(), m_waiting.begin() + static_cast<std::ptrdiff_t>(m_confirmed));
  m_confirmed = 0;
}

void ObjectSink::finish() {
  hand_over(0);
  guarded([&] {
    m_file->flush();
    m_file->close();
  });
  m_file.reset();
  m_lease.reset();
  const auto run_operation = operation();
  m_pool.run(run_operation, [&](Pool::Lease& lease) { publish(*lease); });
  m_ended = true;
}

void ObjectSink::publish(Session& session) {
  const bool asked_before = std::exchange(m_renaming, true);
  if (!m_published && !(asked_before && is_published(session))) {
    try {
      session.rename(m_temporary, m_final);
    } catch (const Refusal&) {
      // Refused too when an earlier request, whose answer was lost, has been late.
      if (!asked_before || !is_published(session)) {
        m_renaming = false;
        if (session.status(m_final)) throw operation().exists();
        throw;
      }
    }
  }
  m_published = true;
  const auto file = session.open(m_final, Session::Access::write);
  file->flush();
  file->close();
}

/// Whether the renaming was done: the one name is gone and the other is there.
bool ObjectSink::is_published(Session& session) const {
  if (session.status(m_temporary)) return false;
  const auto found = session.status(m_final);
  return found && found->type == FileType::file && found->size == m_size;
}

void ObjectSink::abort() noexcept {
  if (std::exchange(m_ended, true)) return;
  auto* const session = m_lease ? &**m_lease : nullptr;
  m_pool.clean_up(session, [&](Session& any) { clean_up(any); });
  // Its session is in a hurry for good.
  if (session != nullptr) session->abandon();
  m_file.reset();
  m_lease.reset();
}

void ObjectSink::clean_up(Session& session) {
  if (m_file && !session.broken() && m_lease && &session == &**m_lease) {
    try {
      m_file->close();
    } catch (const Refusal&) {
      // It is closed all the same, and on a full disk it is what fills it.
    }
  }
  // finish() said that there is no object, so there must be none by its name: not now, and not when
  // a request to rename arrives late.
  if (!session.remove_file(m_temporary) && (m_published || (m_renaming && is_published(session)))) {
    session.remove_file(m_final);
  }
  remove_empty_directories(session, m_pool.address().path, m_directory);
}

}  // namespace bkp::sftp
