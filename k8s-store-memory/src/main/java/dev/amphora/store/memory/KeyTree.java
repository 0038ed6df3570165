package dev.amphora.store.memory;

import dev.amphora.store.Store.Entry;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * An immutable map from keys to entries, sorted by the bytes of the key's UTF-8 form.
 *
 * <p>A weight-balanced tree with path copying: a change shares all but O(log n) nodes with the tree before, so keeping an old
 * version costs next to nothing. Each node knows the size of its subtree, so counting a range is O(log n) too.
 */
final class KeyTree {
    /** A tree without keys. */
    static final KeyTree EMPTY = new KeyTree(null);

    /** One subtree may outweigh the other by this factor; with {@link #RATIO} the known sound pair of parameters. */
    private static final int DELTA = 3;

    /** Whether a single or a double rotation restores the balance. */
    private static final int RATIO = 2;

    private final @Nullable Node root;

    private KeyTree(@Nullable Node root) {
        this.root = root;
    }

    /** The form of a key that decides its place. */
    static byte[] bytes(String key) {
        return key.getBytes(StandardCharsets.UTF_8);
    }

    /** The least byte string that is greater than all that begin with a prefix; not empty. */
    static byte[] endOf(String prefix) {
        byte[] end = bytes(prefix);
        // No byte of UTF-8 is 0xFF, so the last one can always be raised.
        end[end.length - 1]++;
        return end;
    }

    int size() {
        return size(root);
    }

    @Nullable Entry get(byte[] key) {
        Node node = root;
        while (node != null) {
            int order = Arrays.compareUnsigned(key, node.key);
            if (order == 0) {
                return node.entry;
            }
            node = order < 0 ? node.left : node.right;
        }
        return null;
    }

    KeyTree with(byte[] key, Entry entry) {
        return new KeyTree(put(root, key, entry));
    }

    KeyTree without(byte[] key) {
        Node changed = remove(root, key);
        return changed == root ? this : new KeyTree(changed);
    }

    /** How many keys are less than a bound. */
    int rank(byte[] bound) {
        int rank = 0;
        Node node = root;
        while (node != null) {
            if (Arrays.compareUnsigned(node.key, bound) < 0) {
                rank += size(node.left) + 1;
                node = node.right;
            } else {
                node = node.left;
            }
        }
        return rank;
    }

    /**
     * Adds the entries of a range in order.
     *
     * @param from the least key
     * @param end greater than the last key
     * @param limit how many may be in the target at most
     * @param target where to
     */
    void collect(byte[] from, byte[] end, int limit, List<Entry> target) {
        collect(root, from, end, limit, target);
    }

    private static void collect(@Nullable Node node, byte[] from, byte[] end, int limit, List<Entry> target) {
        if (node == null || target.size() >= limit) {
            return;
        }
        boolean reachesFrom = Arrays.compareUnsigned(node.key, from) >= 0;
        boolean beforeEnd = Arrays.compareUnsigned(node.key, end) < 0;
        if (reachesFrom) {
            collect(node.left, from, end, limit, target);
        }
        if (reachesFrom && beforeEnd && target.size() < limit) {
            target.add(node.entry);
        }
        if (beforeEnd) {
            collect(node.right, from, end, limit, target);
        }
    }

    private static Node put(@Nullable Node node, byte[] key, Entry entry) {
        if (node == null) {
            return new Node(key, entry, null, null);
        }
        int order = Arrays.compareUnsigned(key, node.key);
        if (order == 0) {
            return new Node(node.key, entry, node.left, node.right);
        }
        return order < 0
                ? balance(node, put(node.left, key, entry), node.right)
                : balance(node, node.left, put(node.right, key, entry));
    }

    private static @Nullable Node remove(@Nullable Node node, byte[] key) {
        if (node == null) {
            return null;
        }
        int order = Arrays.compareUnsigned(key, node.key);
        if (order < 0) {
            Node left = remove(node.left, key);
            return left == node.left ? node : balance(node, left, node.right);
        }
        if (order > 0) {
            Node right = remove(node.right, key);
            return right == node.right ? node : balance(node, node.left, right);
        }
        return join(node.left, node.right);
    }

    /** Joins two neighbours whose parent is gone. */
    private static @Nullable Node join(@Nullable Node left, @Nullable Node right) {
        if (left == null) {
            return right;
        }
        if (right == null) {
            return left;
        }
        if (left.size > right.size) {
            Node last = left;
            while (last.right != null) {
                last = last.right;
            }
            return balance(last, remove(left, last.key), right);
        }
        Node first = right;
        while (first.left != null) {
            first = first.left;
        }
        return balance(first, left, remove(right, first.key));
    }

    /** A node with the middle's entry over two subtrees of which one may have become too heavy by one. */
    private static Node balance(Node middle, @Nullable Node left, @Nullable Node right) {
        int leftSize = size(left);
        int rightSize = size(right);
        if (leftSize + rightSize > 1) {
            if (right != null && rightSize > DELTA * leftSize) {
                Node inner = right.left;
                if (inner == null || inner.size < RATIO * size(right.right)) {
                    return right.over(middle.over(left, inner), right.right);
                }
                return inner.over(middle.over(left, inner.left), right.over(inner.right, right.right));
            }
            if (left != null && leftSize > DELTA * rightSize) {
                Node inner = left.right;
                if (inner == null || inner.size < RATIO * size(left.left)) {
                    return left.over(left.left, middle.over(inner, right));
                }
                return inner.over(left.over(left.left, inner.left), middle.over(inner.right, right));
            }
        }
        return middle.over(left, right);
    }

    private static int size(@Nullable Node node) {
        return node == null ? 0 : node.size;
    }

    private static final class Node {
        final byte[] key;
        final Entry entry;
        final @Nullable Node left;
        final @Nullable Node right;
        final int size;

        Node(byte[] key, Entry entry, @Nullable Node left, @Nullable Node right) {
            this.key = key;
            this.entry = entry;
            this.left = left;
            this.right = right;
            this.size = KeyTree.size(left) + KeyTree.size(right) + 1;
        }

        /** This node's entry over other subtrees. */
        Node over(@Nullable Node left, @Nullable Node right) {
            return new Node(key, entry, left, right);
        }
    }
}
