#include "bench/store/transfer.hpp"

#include <fcntl.h>

#include <span>
#include <stdexcept>

#include "run/stores.hpp"
#include "stream/fd_sink.hpp"
#include "support/no_programs.hpp"
#include "util/fd.hpp"

namespace bkp::bench {

namespace {

/// A store in a bucket, and what it needs around it.
class BucketStore {
 public:
  explicit BucketStore(const std::vector<std::string>& arguments)
      : m_store{run::open_store(place(arguments), store::OpenMode::existing,
                                {m_environment, m_programs, m_interrupt})} {}
  store::Store* operator->() { return m_store.get(); }

 private:
  static config::Store place(const std::vector<std::string>& arguments) {
    config::Store place;
    place.url = "s3://" + arguments.at(1);
    place.s3.endpoint = arguments.at(0);
    place.s3.parallel = std::stoi(arguments.at(2));
    return place;
  }

  util::Environment m_environment = util::Environment::of_this_process();
  test::NoPrograms m_programs;
  util::Interrupt m_interrupt;
  std::unique_ptr<store::Store> m_store;
};

util::Fd open_file(const std::string& name, int flags) {
  util::Fd file{::open(name.c_str(), flags | O_CLOEXEC, 0600)};
  if (!file) throw std::runtime_error{"cannot open " + name};
  return file;
}

}  // namespace

void upload(const std::vector<std::string>& arguments) {
  constexpr std::size_t read_size = std::size_t{256} << 10U;
  const auto& name = arguments.at(3);
  const auto file = open_file(name, O_RDONLY);
  BucketStore store{arguments};
  const auto object = store->create(store::Key{arguments.at(4)});
  std::vector<std::byte> buffer(read_size);
  while (const auto size = util::read_some(file.get(), buffer, name))
    object->write(std::span{buffer}.first(size));
  object->finish();
}

void download(const std::vector<std::string>& arguments) {
  const auto& name = arguments.at(4);
  auto file = open_file(name, O_WRONLY | O_CREAT | O_TRUNC);
  BucketStore store{arguments};
  stream::FdSink out{file.get(), name};
  if (!store->fetch(store::Key{arguments.at(3)}, {}, out))
    throw std::runtime_error{"there is no " + arguments.at(3)};
  file.close(name);
}

}  // namespace bkp::bench
