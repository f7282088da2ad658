#include "octet/formats/nnp/hdf5_groups.h"

#include <algorithm>
#include <unordered_set>

namespace octet {
namespace {

constexpr uint64_t kEntryBytes = 40;   // of a symbol table node
constexpr uint64_t kSymbolicLink = 2;  // cache type
constexpr int kSharedFlag = 0x02;      // of a message: its data is elsewhere
constexpr uint64_t kMessageHeaderBytes = 8;

class GroupWalker {
 public:
  explicit GroupWalker(const Hdf5Bytes& file) : file_(file) {}

  std::vector<Hdf5Object> walk(uint64_t root_header) {
    pending_.push_back({"", root_header});
    while (!pending_.empty()) {
      const Link link = std::move(pending_.back());
      pending_.pop_back();
      visit_object(link);
    }
    return std::move(objects_);
  }

 private:
  struct Link {
    std::string name;
    uint64_t header;
  };

  void visit_object(const Link& link) {
    Hdf5Object object{link.name, read_header(link.header)};
    const Hdf5Message* table = find_message(object, kSymbolTableMessage);
    if (table == nullptr) {
      objects_.push_back(std::move(object));
    } else if (visited_.insert(link.header).second) {
      visit_group(link.name, Hdf5Bytes(table->data, file_.where()));
    }
  }

  std::vector<Hdf5Message> read_header(uint64_t address) {
    if (file_.number(address, 1) != 1) file_.fail_damaged("an object header is not of version 1");
    std::vector<Hdf5Message> messages;
    std::vector<std::string_view> blocks{file_.range(address + 16, file_.number(address + 8, 4))};
    std::unordered_set<uint64_t> continuations;
    for (size_t i = 0; i < blocks.size(); ++i) {
      read_block(blocks[i], messages);
      // The block's own continuations: at most one in real files, any number is followed once.
      while (next_continuation_ < messages.size()) {
        const Hdf5Message& message = messages[next_continuation_++];
        if (message.type != kContinuationMessage) continue;
        const Hdf5Bytes data(message.data, file_.where());
        const uint64_t offset = data.number(0, 8);
        if (!continuations.insert(offset).second) continue;
        blocks.push_back(file_.range(offset, data.number(8, 8)));
      }
    }
    next_continuation_ = 0;
    return messages;
  }

  void read_block(std::string_view block, std::vector<Hdf5Message>& messages) {
    const Hdf5Bytes bytes(block, file_.where());
    uint64_t position = 0;
    while (position + kMessageHeaderBytes <= block.size()) {
      const int type = static_cast<int>(bytes.number(position, 2));
      const uint64_t length = bytes.number(position + 2, 2);
      const auto flags = static_cast<int>(bytes.number(position + 4, 1));
      const std::string_view data = bytes.range(position + kMessageHeaderBytes, length);
      if (type == kDatatypeMessage && (flags & kSharedFlag) != 0) {
        file_.fail_damaged("an element type is stored apart from its dataset");
      }
      if (type != 0) messages.push_back({type, data});
      // Real messages do not overlap; without a bound, many objects could share one long header.
      if (++num_messages_ > file_.size() / kMessageHeaderBytes) {
        file_.fail_damaged("two objects share their headers");
      }
      position += kMessageHeaderBytes + length;
    }
  }

  void visit_group(const std::string& name, const Hdf5Bytes& table) {
    const uint64_t tree = table.number(0, 8);
    const uint64_t heap = table.number(8, 8);
    file_.expect_signature(heap, "HEAP");
    const Hdf5Bytes names = file_.part(file_.number(heap + 24, 8), file_.number(heap + 8, 8));
    std::vector<Link> links;
    visit_tree(tree, [&](uint64_t node) { read_symbols(node, name, names, links); });
    // The stack hands out its last entry first.
    std::sort(links.begin(), links.end(),
              [](const Link& a, const Link& b) { return a.name > b.name; });
    std::move(links.begin(), links.end(), std::back_inserter(pending_));
  }

  // Calls visit(address) for every symbol table node below the B-tree.
  template <class Visit>
  void visit_tree(uint64_t root, Visit&& visit) {
    std::vector<uint64_t> nodes{root};
    while (!nodes.empty()) {
      const uint64_t node = nodes.back();
      nodes.pop_back();
      if (!visited_.insert(node).second) file_.fail_damaged("two groups share their contents");
      file_.expect_signature(node, "TREE");
      const bool leaf = file_.number(node + 5, 1) == 0;
      const uint64_t count = file_.number(node + 6, 2);
      for (uint64_t i = 0; i < count; ++i) {
        const uint64_t child = file_.number(node + 24 + 16 * i + 8, 8);
        if (leaf) {
          visit(child);
        } else {
          nodes.push_back(child);
        }
      }
    }
  }

  void read_symbols(uint64_t node, const std::string& group, const Hdf5Bytes& names,
                    std::vector<Link>& links) {
    if (!visited_.insert(node).second) file_.fail_damaged("two groups share their contents");
    file_.expect_signature(node, "SNOD");
    const uint64_t count = file_.number(node + 6, 2);
    for (uint64_t i = 0; i < count; ++i) {
      const uint64_t entry = node + 8 + kEntryBytes * i;
      if (file_.number(entry + 16, 4) == kSymbolicLink) continue;
      const std::string_view name = names.text(file_.number(entry, 8));
      if (name.empty()) file_.fail_damaged("a name is empty");
      const std::string prefix = group.empty() ? "" : group + "/";
      links.push_back({prefix + std::string(name), file_.number(entry + 8, 8)});
      // Bounds the total length of names, which groups inside groups repeat.
      name_bytes_ += links.back().name.size();
      if (name_bytes_ > kMaxNameBytes) file_.fail_damaged("the names are too long");
    }
  }

  static constexpr size_t kMaxNameBytes = size_t{1} << 28;

  const Hdf5Bytes& file_;
  std::vector<Link> pending_;
  std::vector<Hdf5Object> objects_;
  std::unordered_set<uint64_t> visited_;  // addresses of groups, tree nodes, symbol nodes
  size_t next_continuation_ = 0;
  size_t name_bytes_ = 0;
  size_t num_messages_ = 0;
};

}  // namespace

std::vector<Hdf5Object> walk_hdf5_groups(const Hdf5Bytes& file, uint64_t root_header) {
  return GroupWalker(file).walk(root_header);
}

const Hdf5Message* find_message(const Hdf5Object& object, int type) {
  const auto found = std::find_if(object.messages.begin(), object.messages.end(),
                                  [type](const Hdf5Message& m) { return m.type == type; });
  return found == object.messages.end() ? nullptr : &*found;
}

}  // namespace octet
