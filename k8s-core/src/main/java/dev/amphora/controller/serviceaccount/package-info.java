/**
 * What every namespace is given: the ServiceAccount {@code default} and the ConfigMap with the cluster's certificate authority. Sees
 * {@code controller}, {@code client}, {@code api} and {@code kernel}.
 */
@NullMarked
package dev.amphora.controller.serviceaccount;

import org.jspecify.annotations.NullMarked;
