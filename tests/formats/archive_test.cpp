#include "octet/formats/archive.h"

#include <gmock/gmock.h>

#include "tests/formats/format_test_support.h"
#include "tests/formats/zip_builder.h"

namespace octet {
namespace {

using ::testing::HasSubstr;

const std::vector<ArchiveMember> kMembers{
    {"nnp_version.txt", "0.1\n"}, {"empty", ""}, {"network.nntxt", std::string(300000, 'n')}};

void expect_equal(const std::vector<ArchiveMember>& actual,
                  const std::vector<ArchiveMember>& expected) {
  ASSERT_EQ(actual.size(), expected.size());
  for (size_t i = 0; i < actual.size(); ++i) {
    EXPECT_EQ(actual[i].name, expected[i].name);
    EXPECT_TRUE(actual[i].bytes == expected[i].bytes) << actual[i].name;
  }
}

TEST(Archive, ReadsWhatItWrote) {
  expect_equal(parse_zip(format_zip(kMembers), "a.zip"), kMembers);
  const TemporaryFolder folder;
  expect_equal(read_zip(folder.write("a.zip", format_zip(kMembers))), kMembers);
}

TEST(Archive, StoresMembersInOrderAndUncompressed) {
  const std::string bytes = format_zip(kMembers);
  EXPECT_GT(bytes.size(), 300000u);
  EXPECT_EQ(bytes[8], 0);  // method of the first local header: stored
  EXPECT_LT(bytes.find("nnp_version.txt"), bytes.find("network.nntxt"));
}

TEST(Archive, SameMembersGiveSameBytesInEveryTimeZone) {
  const std::string here = format_zip(kMembers);
  const char* before = std::getenv("TZ");
  const std::string saved = before != nullptr ? before : "";
  ::setenv("TZ", "Asia/Tokyo", 1);
  ::tzset();
  EXPECT_TRUE(format_zip(kMembers) == here);
  if (before != nullptr) {
    ::setenv("TZ", saved.c_str(), 1);
  } else {
    ::unsetenv("TZ");
  }
  ::tzset();
}

TEST(Archive, ReadsDeflatedMembers) {
  ZipBuilder zip;
  zip.add_deflated("a", "some text, some text, some text");
  zip.add_stored(
      "gr\xc3\xb6\xc3\x9f"
      "e/W.npy",
      "stored");
  expect_equal(parse_zip(zip.finish(), "a.zip"), {{"a", "some text, some text, some text"},
                                                  {"gr\xc3\xb6\xc3\x9f"
                                                   "e/W.npy",
                                                   "stored"}});
}

TEST(Archive, RefusesWhatIsNoArchive) {
  EXPECT_THAT(error_of([] { parse_zip("no zip at all", "a.zip"); }), HasSubstr("[a.zip] is not a"));
  EXPECT_THAT(error_of([] { parse_zip("", "a.zip"); }), HasSubstr("[a.zip] is not a"));
  EXPECT_THAT(error_of([] { read_zip("/no/such/file.zip"); }),
              HasSubstr("[/no/such/file.zip] cannot be read: No such file"));
}

// Wherever the end is cut off, nothing of the archive is believed.
TEST(Archive, RefusesATruncatedArchive) {
  const std::string bytes = format_zip({{"a", "12345"}, {"b", std::string(100, 'b')}});
  for (size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_THROW(parse_zip(bytes.substr(0, size), "a.zip"), FileError) << size;
  }
}

TEST(Archive, RefusesAMemberThatIsLongerThanItDeclares) {
  ZipBuilder zip;
  zip.add_deflated("b", std::string(1000000, 'b'), 10);
  EXPECT_THAT(error_of([&] { parse_zip(zip.finish(), "a.zip"); }),
              HasSubstr("[a.zip] member 'b' "));
}

TEST(Archive, RefusesAMemberThatIsShorterThanItDeclares) {
  ZipBuilder zip;
  zip.add_deflated("b", "short", 1000);
  EXPECT_THAT(error_of([&] { parse_zip(zip.finish(), "a.zip"); }),
              HasSubstr("[a.zip] member 'b' "));
}

TEST(Archive, RefusesABadChecksum) {
  ZipBuilder zip;
  zip.add_stored("b", "contents", 1);
  EXPECT_THAT(error_of([&] { parse_zip(zip.finish(), "a.zip"); }),
              HasSubstr("[a.zip] member 'b' is damaged"));
}

TEST(Archive, RefusesABomb) {
  ZipBuilder zip;
  zip.add_deflated("small", "1");
  zip.add_deflated("bomb", std::string(3000000, '\0'));
  const std::string bytes = zip.finish();
  EXPECT_LT(bytes.size(), 4000u);
  const ArchiveLimits limits{.max_expansion = 200, .free_bytes = 1000};
  EXPECT_THAT(error_of([&] { parse_zip(bytes, "a.zip", limits); }),
              HasSubstr("[a.zip] member 'bomb' unpacks to 3000000 bytes"));
  EXPECT_EQ(parse_zip(bytes, "a.zip").size(), 2u);
}

TEST(Archive, RefusesTooManyMembers) {
  const ArchiveLimits limits{.max_members = 2};
  EXPECT_EQ(error_of([&] { parse_zip(format_zip(kMembers), "a.zip", limits); }),
            "[a.zip] the archive has more than 2 members");
}

}  // namespace
}  // namespace octet
