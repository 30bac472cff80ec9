#include "recover/missing_pages.hpp"

#include <catch2/catch.hpp>

using namespace bkp::recover;

TEST_CASE("a file lacks what the newest backup has not, until it is given") {
  MissingPages missing;
  const std::vector<std::uint32_t> there{0, 3};
  missing.enter("whole", 2, std::vector<std::uint32_t>{0, 1});
  missing.enter("file", 5, there);
  CHECK(missing.find("whole") == nullptr);
  CHECK(missing.find("other") == nullptr);
  auto* file = missing.find("file");
  REQUIRE(file != nullptr);
  CHECK(file->left == 3);
  REQUIRE(missing.first());
  CHECK(missing.first()->path == "file");
  CHECK(missing.first()->block == 1);

  GivenPages bad;
  bad.give(*file, 1);
  bad.give(*file, 4);
  CHECK(file->left == 1);
  // The part proved bad.
  bad.take_back();
  CHECK(file->left == 3);
  CHECK(file->missing == std::vector<bool>{false, true, true, false, true});
  bad.take_back();
  CHECK(file->left == 3);

  GivenPages good;
  for (const std::uint32_t block : {1U, 2U, 4U}) good.give(*file, block);
  CHECK_FALSE(missing.any());
  CHECK(missing.find("file") == nullptr);
  // A second try of the part that named it begins anew.
  missing.enter("file", 5, there);
  CHECK(missing.find("file")->left == 3);
}
