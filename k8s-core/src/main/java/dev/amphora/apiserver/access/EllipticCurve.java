package dev.amphora.apiserver.access;

import java.math.BigInteger;
import java.security.interfaces.ECPrivateKey;
import java.security.spec.ECFieldFp;
import java.security.spec.ECParameterSpec;
import java.security.spec.ECPoint;

/**
 * Finds the public key of a private one, which the platform does for RSA only. Done once for a key that a file holds, so it need not take
 * the same time for every key.
 */
final class EllipticCurve {
    private static final BigInteger THREE = BigInteger.valueOf(3);

    private final BigInteger prime;
    private final BigInteger a;

    private EllipticCurve(ECParameterSpec curve) {
        prime = ((ECFieldFp) curve.getCurve().getField()).getP();
        a = curve.getCurve().getA();
    }

    static ECPoint publicPoint(ECPrivateKey key) {
        EllipticCurve curve = new EllipticCurve(key.getParams());
        ECPoint sum = ECPoint.POINT_INFINITY;
        for (int bit = key.getS().bitLength() - 1; bit >= 0; bit--) {
            sum = curve.add(sum, sum);
            if (key.getS().testBit(bit)) {
                sum = curve.add(sum, key.getParams().getGenerator());
            }
        }
        return sum;
    }

    private ECPoint add(ECPoint one, ECPoint other) {
        if (one.equals(ECPoint.POINT_INFINITY)) {
            return other;
        }
        BigInteger x = one.getAffineX();
        BigInteger y = one.getAffineY();
        BigInteger slope = one.equals(other)
                ? x.pow(2).multiply(THREE).add(a).multiply(y.shiftLeft(1).modInverse(prime))
                : other.getAffineY()
                        .subtract(y)
                        .multiply(other.getAffineX().subtract(x).modInverse(prime));
        BigInteger sumX = slope.pow(2).subtract(x).subtract(other.getAffineX()).mod(prime);
        return new ECPoint(sumX, slope.multiply(x.subtract(sumX)).subtract(y).mod(prime));
    }
}
