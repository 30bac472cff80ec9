#include "physical/page_check.hpp"

#include <fcntl.h>

#include "pg/page_checksum.hpp"
#include "physical/cluster_files.hpp"
#include "physical/data_file.hpp"
#include "util/files.hpp"

namespace bkp::physical {

namespace {

constexpr std::size_t most_bad_pages = 100;

void check_file(const std::filesystem::path& data, const ClusterFile& file,
                const RelationFile& relation, const pg::ControlFile& control,
                CheckedPages& checked) {
  const auto path = data / file.path;
  const auto opened = util::open_file(path, O_RDONLY);
  std::vector<std::byte> piece(piece_size);
  std::uint64_t block = 0;
  std::size_t held = 0;
  while (const auto got =
             util::read_some(opened.get(), std::span{piece}.subspan(held), path.string())) {
    held += got;
    std::size_t at = 0;
    for (; at + pg::page_size <= held; at += pg::page_size, ++block, ++checked.pages) {
      const auto page = std::span{piece}.subspan(at).first<pg::page_size>();
      const auto of_relation = static_cast<std::uint32_t>(
          std::uint64_t{relation.segment} * control.segment_pages + block);
      const bool good = pg::is_new_page(page)
                            ? pg::is_all_zeroes(page)
                            : pg::page_checksum(page, of_relation) == pg::stored_checksum(page);
      if (!good && checked.bad.size() < most_bad_pages) checked.bad.push_back({file.path, block});
    }
    std::copy(piece.begin() + static_cast<std::ptrdiff_t>(at),
              piece.begin() + static_cast<std::ptrdiff_t>(held), piece.begin());
    held -= at;
  }
}

}  // namespace

CheckedPages check_pages(const std::filesystem::path& data, const pg::ControlFile& control,
                         const util::Interrupt& interrupt) {
  CheckedPages checked;
  for (const auto& file : list_cluster(data, interrupt).files) {
    interrupt.check();
    if (const auto relation = parse_relation_file(file.path))
      check_file(data, file, *relation, control, checked);
  }
  return checked;
}

}  // namespace bkp::physical
