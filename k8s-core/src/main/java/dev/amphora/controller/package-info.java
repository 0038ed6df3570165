/**
 * The controllers: each drives one kind of object to its desired state.
 *
 * <p>A tour: {@link dev.amphora.controller.Controller} is the interface, for users' own controllers too;
 * {@link dev.amphora.controller.ControllerBuilder} makes one of an {@link dev.amphora.controller.ObjectReconciler}, whose
 * {@link dev.amphora.controller.Reconciliation} reads, applies and tells; {@link dev.amphora.controller.ChangeFilter},
 * {@link dev.amphora.controller.Finalizers} and {@link dev.amphora.controller.StatusConditions} are its tools.
 * {@link dev.amphora.controller.ControllerManager} runs a set of them,
 * {@link dev.amphora.controller.ElectedControllers} while a candidate leads, and {@link dev.amphora.controller.Controllers} makes the built-in ones.
 * {@link dev.amphora.controller.ControlLoop} is the skeleton: watches mapped to keys by a {@link dev.amphora.controller.KeyMapper}, workers
 * that call a {@link dev.amphora.controller.Reconciler} and heed its {@link dev.amphora.controller.Result}, patience until own writes have been
 * seen. {@link dev.amphora.controller.Claims}, {@link dev.amphora.controller.LabelIndex}, {@link dev.amphora.controller.Pods} and
 * {@link dev.amphora.controller.Disruption} are what several controllers need. Each built-in controller lives in a subpackage, a pure
 * planner and a thin executor. Sees {@code client}, {@code api} and {@code kernel}.
 */
@NullMarked
package dev.amphora.controller;

import org.jspecify.annotations.NullMarked;
