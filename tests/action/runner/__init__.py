"""Runs composite actions and the steps of workflows as GitHub's runner does, without GitHub.

What it does not know it refuses: a test must not pass because something was passed over.
"""
