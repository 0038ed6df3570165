package dev.amphora.api.remote;

import com.google.common.net.HostAndPort;
import java.io.EOFException;
import java.io.IOException;
import java.net.ConnectException;
import java.net.SocketTimeoutException;
import java.net.UnknownHostException;
import java.net.http.HttpConnectTimeoutException;
import java.net.http.HttpTimeoutException;
import java.nio.channels.UnresolvedAddressException;
import java.security.cert.CertificateException;
import java.util.concurrent.CompletionException;
import javax.net.ssl.SSLException;

/** Why a server could not be asked, in the reference's words. */
public final class DialFailure {
    private static final String UNKNOWN_AUTHORITY =
            "tls: failed to verify certificate: x509: certificate signed by unknown authority";

    private DialFailure() {}

    /** The failure itself, out of what a stage has wrapped it in. */
    public static Throwable cause(Throwable failure) {
        return failure instanceof CompletionException && failure.getCause() != null ? failure.getCause() : failure;
    }

    /**
     * Tells why.
     *
     * @param address that was to be connected to
     */
    public static String reason(Throwable failure, HostAndPort address) {
        Throwable cause = cause(failure);
        if (cause instanceof HttpConnectTimeoutException) {
            return "dial tcp " + address + ": i/o timeout";
        }
        if (cause instanceof HttpTimeoutException || cause instanceof SocketTimeoutException) {
            return "context deadline exceeded (Client.Timeout exceeded while awaiting headers)";
        }
        if (cause instanceof UnknownHostException || has(cause, UnresolvedAddressException.class)) {
            return "dial tcp: lookup " + address.getHost() + ": no such host";
        }
        if (cause instanceof ConnectException) {
            return "dial tcp " + address + ": connect: connection refused";
        }
        if (cause instanceof SSLException) {
            return tls(cause);
        }
        if (cause instanceof EOFException || isSilence(cause)) {
            return "EOF";
        }
        return cause.getMessage() == null ? cause.getClass().getSimpleName() : cause.getMessage();
    }

    private static String tls(Throwable failure) {
        for (Throwable each = failure; each != null; each = each.getCause()) {
            if (each instanceof CertificateException
                    && each.getMessage() != null
                    && each.getMessage().startsWith("x509: ")) {
                return "tls: failed to verify certificate: " + each.getMessage();
            }
        }
        return has(failure, CertificateException.class)
                        || String.valueOf(failure.getMessage()).contains("PKIX")
                ? UNKNOWN_AUTHORITY
                : "remote error: " + failure.getMessage();
    }

    /** The client of the platform has no exception of its own for a server that closes a connection without a word. */
    private static boolean isSilence(Throwable cause) {
        return cause instanceof IOException && has(cause, EOFException.class);
    }

    private static boolean has(Throwable failure, Class<? extends Throwable> type) {
        for (Throwable each = failure; each != null; each = each.getCause()) {
            if (type.isInstance(each)) {
                return true;
            }
        }
        return false;
    }
}
