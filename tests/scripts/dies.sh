# Dies of a signal.
echo "dying"
kill -KILL $$
