/**
 * What stands in for a cloud provider behind Services: addresses for those of type LoadBalancer, and the ranges that Services have
 * theirs from. Sees {@code controller}, {@code client}, {@code api} and {@code kernel}.
 */
@NullMarked
package dev.amphora.controller.service;

import org.jspecify.annotations.NullMarked;
