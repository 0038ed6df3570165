package dev.amphora.apiserver.encryption;

import com.google.common.primitives.Bytes;
import dev.amphora.store.StoreException;
import java.security.GeneralSecurityException;
import java.util.List;

/** What happens to the values of one resource: the first provider writes, all of them read. */
final class ResourceCipher {
    /** For resources that are not named: nothing is encrypted, and nothing that is can be read. */
    static final ResourceCipher NONE = new ResourceCipher(List.of(Provider.IDENTITY));

    private final List<Provider> providers;

    ResourceCipher(List<Provider> providers) {
        this.providers = List.copyOf(providers);
    }

    byte[] toStorage(byte[] value, String place, ValueCipher.Chance chance) {
        Provider writer = providers.get(0);
        if (writer.cipher() == null) {
            return value;
        }
        try {
            return Bytes.concat(writer.prefixBytes(), writer.cipher().encrypt(value, place, chance));
        } catch (GeneralSecurityException e) {
            throw new StoreException("unable to transform key \"" + place + "\"", e);
        }
    }

    byte[] fromStorage(byte[] stored, String place) {
        String problem = Provider.begins(stored, Provider.ENCRYPTED)
                ? "no matching prefix found"
                : "the value is not encrypted, and no provider takes such";
        for (Provider provider : providers) {
            if (!provider.wrote(stored)) {
                continue;
            }
            if (provider.cipher() == null) {
                return stored;
            }
            try {
                return provider.cipher().decrypt(stored, provider.prefix().length(), place);
            } catch (GeneralSecurityException e) {
                problem = String.valueOf(e.getMessage());
            }
        }
        throw new StoreException("unable to transform key \"" + place + "\": " + problem, null);
    }

    /** Whether a value would be written otherwise now. */
    boolean isOutdated(byte[] stored) {
        return !providers.get(0).wrote(stored);
    }
}
